#pragma once

#include <tempeh/base/detail/mutex.hpp>

#include <array>
#include <cstddef>

namespace tempeh::actors::detail {

/// Memory for envelopes and questions in a few sizes. Every block comes from operator new, so any thread may
/// free any of them.
struct BlockSizes {
    static constexpr std::size_t step = 32;
    static constexpr std::size_t count = 32;
    static constexpr std::size_t largest = step * count;

    static constexpr std::size_t classOf(std::size_t size) noexcept { return (size - 1) / step; }
    static constexpr std::size_t rounded(std::size_t size) noexcept {
        return size > largest ? size : (classOf(size) + 1) * step;
    }
};

struct FreeBlock {
    FreeBlock* next;
};

/// What the stocks of a system's workers exchange: whole chains of blocks, so that one worker may make what
/// another one frees. Any thread.
class BlockDepot {
public:
    static constexpr std::size_t chainLength = 64;

    BlockDepot() = default;
    BlockDepot(const BlockDepot&) = delete;
    BlockDepot& operator=(const BlockDepot&) = delete;
    ~BlockDepot();

    /// A chain of chainLength blocks; null if there is none.
    FreeBlock* take(std::size_t sizeClass) noexcept;
    void give(std::size_t sizeClass, FreeBlock* chain) noexcept;

private:
    static constexpr std::size_t mostChains = 256;

    struct Chains {
        std::array<FreeBlock*, mostChains> chains{};
        std::size_t count = 0;
    };
    base::Mutex mutex_;
    std::array<Chains, BlockSizes::count> chains_ TEMPEH_GUARDED_BY(mutex_);
};

/// The blocks of one worker. Its thread alone.
class BlockStock {
public:
    explicit BlockStock(BlockDepot& depot) noexcept : depot_(depot) {}
    BlockStock(const BlockStock&) = delete;
    BlockStock& operator=(const BlockStock&) = delete;
    ~BlockStock();

    void* allocate(std::size_t size) {
        if (size > BlockSizes::largest) return ::operator new(size);
        Shelf& shelf = shelves_[BlockSizes::classOf(size)];
        if (shelf.first == nullptr) return refill(shelf, size);
        FreeBlock* const block = shelf.first;
        shelf.first = block->next;
        --shelf.count;
        return block;
    }
    void free(void* memory, std::size_t size) noexcept {
        if (size > BlockSizes::largest) return ::operator delete(memory);
        Shelf& shelf = shelves_[BlockSizes::classOf(size)];
        auto* block = static_cast<FreeBlock*>(memory);
        block->next = shelf.first;
        shelf.first = block;
        if (++shelf.count >= 2 * BlockDepot::chainLength) unload(shelf, BlockSizes::classOf(size));
    }

private:
    struct Shelf {
        FreeBlock* first = nullptr;
        std::size_t count = 0;
    };
    void* refill(Shelf& shelf, std::size_t size);
    void unload(Shelf& shelf, std::size_t sizeClass) noexcept;

    BlockDepot& depot_;
    std::array<Shelf, BlockSizes::count> shelves_;
};

}  // namespace tempeh::actors::detail

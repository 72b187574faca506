#pragma once

#include <tempeh/actors/arena.hpp>
#include <tempeh/base/detail/mutex.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>

namespace tempeh::actors::detail {

/// The memory that the handles of an arena share: a block, right behind this object, and what was taken from
/// the system when the block was full.
class ArenaState final : public std::pmr::memory_resource {
public:
    /// With one holder. Goes back to the stock, or without one to the system. Throws std::bad_alloc.
    static ArenaState& make(std::size_t blockBytes, std::shared_ptr<ArenaStock> stock);
    /// For what no handle refers to.
    static void destroy(ArenaState& state) noexcept;

    void addHolder() noexcept { holders_.fetch_add(1, std::memory_order_relaxed); }
    /// The last one ends the arena.
    void removeHolder() noexcept;
    /// Leaves its stock, with one holder.
    void reuse(std::shared_ptr<ArenaStock> stock) noexcept;
    /// Tells AddressSanitizer that what is in an idle arena is not to be touched.
    void poisonBlock() noexcept;

    std::size_t holders() const noexcept { return holders_.load(std::memory_order_relaxed); }
    std::size_t bytesAllocated() const noexcept { return bytes_.load(std::memory_order_relaxed); }

    ArenaState* next = nullptr;  // in the stock

private:
    ArenaState(std::byte* block, std::size_t blockBytes, std::shared_ptr<ArenaStock> stock) noexcept;
    ~ArenaState() override = default;

    void* do_allocate(std::size_t bytes, std::size_t alignment) override;
    void do_deallocate(void* /*place*/, std::size_t /*bytes*/, std::size_t /*alignment*/) noexcept override {}
    bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
    void* take(std::size_t bytes, std::size_t alignment);

    std::byte* const block_;
    const std::size_t blockBytes_;
    std::atomic<std::size_t> holders_ = 1;
    std::atomic<std::size_t> bytes_ = 0;
    base::Mutex mutex_;  // of memory_, while there are several holders
    std::pmr::monotonic_buffer_resource memory_;
    std::shared_ptr<ArenaStock> stock_;  // null while it is in there, and for an arena without a pool
};

/// The idle arenas of a pool. Arenas in use keep it.
class ArenaStock {
public:
    explicit ArenaStock(const ArenaPoolOptions& options) noexcept : options_(options) {}

    static ArenaState& get(const std::shared_ptr<ArenaStock>& stock);
    /// Takes an arena back. False: there are enough, or the pool is gone.
    bool put(ArenaState& state) noexcept TEMPEH_EXCLUDES(mutex_);
    /// The pool is gone.
    void close() noexcept TEMPEH_EXCLUDES(mutex_);
    ArenaPoolCounters counters() noexcept TEMPEH_EXCLUDES(mutex_);

private:
    ArenaState* pop() noexcept TEMPEH_EXCLUDES(mutex_);
    void noteMade() noexcept TEMPEH_EXCLUDES(mutex_);

    const ArenaPoolOptions options_;
    base::Mutex mutex_;
    ArenaState* first_ TEMPEH_GUARDED_BY(mutex_) = nullptr;
    ArenaPoolCounters counters_ TEMPEH_GUARDED_BY(mutex_);
    bool isClosed_ TEMPEH_GUARDED_BY(mutex_) = false;
};

}  // namespace tempeh::actors::detail

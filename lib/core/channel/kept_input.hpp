#pragma once

#include <atomic>
#include <cstddef>
#include <span>
#include <vector>

namespace tempeh::core {

/// Input that a channel has read and not decoded, because reading is paused. Counts its memory in a total,
/// which must outlive it and which any thread may read. Reactor thread.
class KeptInput {
public:
    using Total = std::atomic<std::size_t>;

    explicit KeptInput(Total& total) noexcept : total_(total) {}
    ~KeptInput() { clear(); }
    KeptInput(const KeptInput&) = delete;
    KeptInput& operator=(const KeptInput&) = delete;

    /// Throws std::bad_alloc; then nothing has changed.
    void add(std::span<const std::byte> bytes) {
        const std::size_t before = bytes_.capacity();
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        total_.fetch_add(bytes_.capacity() - before, std::memory_order_relaxed);
    }
    std::span<const std::byte> rest() const noexcept { return std::span(bytes_).subspan(start_); }
    /// Keeps only the last `size` bytes; moves nothing.
    void shrinkTo(std::size_t size) noexcept { start_ = bytes_.size() - size; }
    /// Frees the memory.
    void clear() noexcept {
        if (bytes_.capacity() == 0) return;
        total_.fetch_sub(bytes_.capacity(), std::memory_order_relaxed);
        std::vector<std::byte>().swap(bytes_);
        start_ = 0;
    }

private:
    Total& total_;
    std::vector<std::byte> bytes_;
    std::size_t start_ = 0;  // everything before it is done
};

}  // namespace tempeh::core

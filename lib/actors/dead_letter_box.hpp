#pragma once

#include <tempeh/actors/dead_letter.hpp>
#include <tempeh/base/detail/mutex.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace tempeh::actors::detail {

/// Counts what reached nobody and keeps the last of it. Any thread.
class DeadLetterBox {
public:
    explicit DeadLetterBox(std::size_t kept) : kept_(kept) {}

    void add(DeadLetter letter) noexcept;
    DeadLetters snapshot() const;

private:
    const std::size_t kept_;
    mutable base::Mutex mutex_;
    std::deque<DeadLetter> last_ TEMPEH_GUARDED_BY(mutex_);
    std::array<std::uint64_t, 10> byReason_ TEMPEH_GUARDED_BY(mutex_){};
};

}  // namespace tempeh::actors::detail

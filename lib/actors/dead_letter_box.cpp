#include "actors/dead_letter_box.hpp"

#include <new>
#include <numeric>
#include <utility>

namespace tempeh::actors::detail {

void DeadLetterBox::add(DeadLetter letter) noexcept {
    const base::MutexLock lock(mutex_);
    ++byReason_[static_cast<std::size_t>(letter.reason)];
    if (kept_ == 0) return;
    try {
        if (last_.size() >= kept_) last_.pop_front();
        last_.push_back(std::move(letter));
    } catch (const std::bad_alloc&) {
        return;  // it is counted
    }
}

DeadLetters DeadLetterBox::snapshot() const {
    const base::MutexLock lock(mutex_);
    DeadLetters letters;
    letters.byReason = byReason_;
    letters.total = std::accumulate(byReason_.begin(), byReason_.end(), std::uint64_t{0});
    letters.last.assign(last_.begin(), last_.end());
    return letters;
}

}  // namespace tempeh::actors::detail

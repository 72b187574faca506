#include "core/engine/deadlines.hpp"

#include <algorithm>

namespace tempeh::core {

Deadlines::~Deadlines() {
    clear(tree_);
    clear(postponed_);
}

void Deadlines::clear(Tree& tree) noexcept {
    tree.clear_and_dispose([](Deadline* deadline) { deadline->place_ = deadline->when_ = Deadline::never; });
}

bool Deadlines::insert(Deadline& deadline, TimePoint when) noexcept {
    deadline.unlink();
    deadline.place_ = deadline.when_ = when;
    if (runningUntil_ && when <= *runningUntil_) {
        postponed_.insert(deadline);
        return true;
    }
    tree_.insert(deadline);
    return &*tree_.begin() == &deadline;
}

std::optional<Deadlines::TimePoint> Deadlines::next() const noexcept {
    std::optional<TimePoint> first;
    if (!tree_.empty()) first = tree_.begin()->place_;
    if (!postponed_.empty()) {
        const TimePoint postponed = postponed_.begin()->place_;
        first = first ? std::min(*first, postponed) : postponed;
    }
    return first;
}

std::size_t Deadlines::runExpired(TimePoint now) noexcept {
    if (runningUntil_) return 0;
    runningUntil_ = now;
    std::size_t called = 0;
    while (!tree_.empty() && tree_.begin()->place_ <= now) {
        Deadline& deadline = *tree_.begin();
        tree_.erase(tree_.begin());
        if (deadline.place_ != deadline.when_) {  // it was moved or cancelled
            deadline.place_ = deadline.when_;
            if (deadline.isArmed()) tree_.insert(deadline);
            continue;
        }
        deadline.place_ = deadline.when_ = Deadline::never;
        ++called;
        deadline.callback_(deadline.context_);  // may destroy `deadline`
    }
    runningUntil_.reset();
    while (!postponed_.empty()) {
        Deadline& deadline = *postponed_.begin();
        postponed_.erase(postponed_.begin());
        tree_.insert(deadline);
    }
    return called;
}

}  // namespace tempeh::core

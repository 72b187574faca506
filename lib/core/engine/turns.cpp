#include "core/engine/turns.hpp"

#include <utility>

namespace tempeh::core {

void Turns::end() noexcept {
    while (!dirty_.empty()) {
        TurnWriter& writer = dirty_.front();
        dirty_.pop_front();
        writer.flush();
    }
    owner_.onTurnEnd();
}

void Turns::flushLater(TurnWriter& writer) noexcept {
    if (writer.is_linked()) writer.unlink();
    later_.push_back(writer);
    scheduleSoon();
}

void Turns::scheduleSoon() noexcept {
    if (std::exchange(isSoonDue_, true)) return;
    soon_.post([this, owner = owner_.holdOwner()] {
        isSoonDue_ = false;
        owner->onSoon();
    });
}

void Turns::runSoon() noexcept {
    dirty_.splice(dirty_.end(), later_);
    resumeReady();
}

void Turns::resumeSoon(detail::Waiter& waiter) noexcept {
    ready_.push_back(waiter);
    scheduleSoon();
}

/// Coroutines that pass messages to each other resume here one after the other. After a limit, other work on
/// this executor gets its turn.
void Turns::resumeReady() noexcept {
    constexpr int resumedInARow = 256;
    for (int i = 0; i < resumedInARow && !ready_.empty(); ++i) {
        detail::Waiter& waiter = ready_.front();
        ready_.pop_front();
        const Whereabouts::Scope place = atReceiver();
        waiter.resume(true);
    }
    if (!ready_.empty()) scheduleSoon();
}

void Turns::release() noexcept {
    resumeAll(ready_);
    soon_.release();
}

}  // namespace tempeh::core

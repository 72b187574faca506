#include "core/engine/inbound_budget.hpp"

#include "core/channel/read_buffer.hpp"

#include <algorithm>

namespace tempeh::core {

void InboundBudget::shareAmong(std::size_t groups) noexcept {
    const std::size_t share = maxMessages_ / std::max<std::size_t>(groups, 1);
    share_.store(std::max<std::size_t>(share, 1), std::memory_order_relaxed);
}

bool InboundBudget::pause(InboundReader& reader) noexcept {
    GroupInbound& group = reader.inbound();
    paused_.push_back(reader);
    ++group.pausedReaders_;
    pool_.watchForReturn();
    // Catches a message that came back before the watch began, or the room it left if it was surplus and was
    // freed.
    return canReceive(group);
}

void InboundBudget::unpause(InboundReader& reader) noexcept {
    if (!reader.is_linked()) return;
    reader.unlink();
    --reader.inbound().pausedReaders_;
}

void InboundBudget::resumeLater(InboundReader& reader) noexcept {
    paused_.push_back(reader);
    ++reader.inbound().pausedReaders_;
}

/// A reader that finds nothing must not block another, which may be entitled to more. When one reader of a
/// group finds nothing, the others that can wait are skipped.
void InboundBudget::resumePaused() noexcept {
    List waiting;
    List skipped;
    waiting.swap(paused_);  // readers that find nothing again go to the end of paused_
    const std::uint64_t round = ++round_;
    while (!waiting.empty()) {
        InboundReader& reader = waiting.front();
        GroupInbound& group = reader.inbound();
        if (group.emptyRound_ == round && reader.need() == Need::CanWait) {
            waiting.pop_front();
            skipped.push_back(reader);
            continue;
        }
        unpause(reader);
        if (!reader.resumeReading()) reader.inbound().emptyRound_ = round;
    }
    paused_.splice(paused_.begin(), skipped);
}

/// A shortage is over when every channel of the group has caught up and half of the pool is back. A receiver
/// that stays near the limit, returning one message and taking the next, is thus notified once and not each
/// time.
void InboundBudget::noteRecovery(GroupInbound& group) const noexcept {
    if (group.pausedReaders_ == 0 && pool_.counters().outstanding * 2 <= maxMessages_) group.isShort_ = false;
}

/// While others wait for the pool, or much input is kept already, a channel reads no more than it may have to
/// keep.
std::span<std::byte> InboundBudget::limit(std::span<std::byte> buffer, const GroupInbound& group,
                                          Need need) const noexcept {
    if (keptInput_.load(std::memory_order_relaxed) >= maxKeptInput)
        buffer = buffer.first(ReadBuffer::mediumSize);
    const bool isShort = !paused_.empty() && need == Need::CanWait;
    if (isShort && !canReceive(group)) buffer = buffer.first(ReadBuffer::smallSize);
    return buffer;
}

}  // namespace tempeh::core

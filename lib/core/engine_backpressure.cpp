// Backpressure inbound: who may receive when the pool is empty, and who is read at all.

#include "core/engine.hpp"
#include "core/group.hpp"
#include "core/io_channel.hpp"

#include <algorithm>

namespace tempeh::core {

/// What a group may hold of what it received, whatever others do.
std::uint64_t Engine::shareOfPool() const noexcept {
    const std::scoped_lock lock(groupsMutex_);
    return std::max<std::uint64_t>(options_.maxPoolMessages / std::max<std::size_t>(groups_.size(), 1), 1);
}

/// Each group has a right to its share of the pool: when another holds more than its own, this one goes on
/// beyond the pool's maximum, up to its share. So the bound is twice the pool, and no group stops another.
bool Engine::anotherGroupHoards(const Group& group) const noexcept {
    const std::uint64_t share = shareOfPool();
    if (group.account->outstanding() >= share) return false;
    const std::scoped_lock lock(groupsMutex_);
    for (const std::shared_ptr<Group>& other : groups_)
        if (other.get() != &group && other->account->outstanding() > share) return true;
    return false;
}

/// Neither half frames nor posts that wait for the peer keep a group from its share. Two engines that fill
/// their pools with posts to each other would wait for each other for ever, neither reading what the other
/// writes. So the bound is what applications took, once more the pool, and a message for each connection in
/// the middle of a frame.
bool Engine::isHeldOtherwise(const Group& group) const noexcept {
    const std::size_t held =
        framesUnderWay_ + (group.account->outstanding() < shareOfPool() ? waitingPosts_ : 0);
    return held != 0 && pool_->counters().outstanding < options_.maxPoolMessages + held;
}

/// Whether the group may receive although the pool has nothing left.
bool Engine::mayOverdraw(const Group& group) const noexcept {
    return anotherGroupHoards(group) || isHeldOtherwise(group);
}

void Engine::pause(IoChannel& channel) {
    Group& group = channel.group();
    waitingPostsSeen_ = paused_.empty() ? waitingPosts_ : std::min(waitingPostsSeen_, waitingPosts_);
    paused_.push_back(channel);
    ++group.pausedChannels;
    if (!group.noticeIsOut) {
        sayPoolEmpty(channel);
        group.noticeIsOut = true;
    }
    pool_->watchForReturn();
    // A message that came back before the watch began is found by this look; or the room it left, if it was
    // one too many and was freed.
    if (mayOverdraw(group) || pool_->get(AllocationStrategy::PoolOnly) != nullptr) onReturned();
}

/// One notice for the whole shortage, however many messages and channels it stops.
void Engine::sayPoolEmpty(IoChannel& channel) {
    MessagePtr notice = pool_->getReserved();
    notice->header.channelNumber = channel.number();
    notice->header.opCode = OpCode::Signal;
    notice->header.origin = Origin::Engine;
    notice->header.status = static_cast<std::uint8_t>(Status::PoolEmpty);
    notice->header.messageId = channel.firstId;
    MessageQueue batch;
    batch.pushBack(std::move(notice));
    channel.group().poolEmptyNotices.add();
    channel.group().deliver(batch, false);
}

void Engine::unpause(IoChannel& channel) noexcept {
    if (!channel.ChannelHook<PausedTag>::is_linked()) return;
    channel.ChannelHook<PausedTag>::unlink();
    --channel.group().pausedChannels;
}

void Engine::resumeReadingLater(IoChannel& channel) noexcept {
    paused_.push_back(channel);
    ++channel.group().pausedChannels;
    onReturned();
}

void Engine::onReturned() noexcept {
    submit(resuming_, weak_from_this().lock());
}

/// Where more posts wait than when the paused tried last, they have so much more room.
void Engine::resumeForPosts() noexcept {
    while (waitingPosts_ > waitingPostsSeen_ && !paused_.empty()) {
        resumePaused();
        flushDirty();
    }
}

/// Every group that waits gets a try: one that finds nothing must not keep another, which may have a right to
/// more, from going on. Of one group the first that finds nothing speaks for the others.
void Engine::resumePaused() noexcept {
    waitingPostsSeen_ = waitingPosts_;
    PausedList waiting;
    PausedList skipped;
    waiting.swap(paused_);  // who finds nothing again goes to the end of paused_
    const std::uint64_t round = ++resumeRound_;
    while (!waiting.empty()) {
        const IoChannelPtr channel(static_cast<IoChannel*>(&waiting.front()));
        Group& group = channel->group();
        if (group.cameUpEmptyIn == round && channel->need() == Need::CanWait) {
            waiting.pop_front();
            skipped.push_back(*channel);
            continue;
        }
        unpause(*channel);
        channel->resumeReading();
        if (channel->ChannelHook<PausedTag>::is_linked()) group.cameUpEmptyIn = round;
    }
    paused_.splice(paused_.begin(), skipped);
}

/// A shortage is over when every channel of the group has caught up and half of the pool is back: a receiver
/// that lives at the edge, giving back one message and taking the next, is told once and not all the time.
void Engine::noteRecovery(Group& group) noexcept {
    if (group.pausedChannels == 0 && pool_->counters().outstanding * 2 <= options_.maxPoolMessages)
        group.noticeIsOut = false;
}

void Engine::setReadMode(Group& group, ChannelNumber number, ReadMode mode, error_code& ec) noexcept {
    ec.clear();
    const bool isLocal = isReactorThread();
    bool wakeNeeded = false;
    ChannelPtr channel;
    {
        const std::scoped_lock lock(switchboard_.mutex());
        channel = switchboard_.findLocked(number);
        if (channel == nullptr)
            ec = Status::InvalidChannelNumber;
        else if (&channel->group() != &group)
            ec = Status::InvalidChannelGroup;
        else if (channel->isListener())
            ec = Status::NotAllowed;
        if (ec || channel->door.hasEnded) return;
        channel->door.readMode = mode;
        if (!isLocal) wakeNeeded = switchboard_.list(*channel);
    }
    if (isLocal) static_cast<IoChannel&>(*channel).setReadMode(mode);
    if (wakeNeeded) wake();
}

}  // namespace tempeh::core

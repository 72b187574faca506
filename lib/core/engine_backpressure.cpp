// Backpressure inbound: who may receive when the pool is empty, and who is read at all.

#include "core/engine.hpp"
#include "core/group.hpp"
#include "core/io_channel.hpp"
#include "core/read_buffer.hpp"

#include <algorithm>
#include <string>

namespace tempeh::core {

void Engine::updateShareOfPool() noexcept {
    const std::size_t share = options_.maxPoolMessages / std::max<std::size_t>(groups_.size(), 1);
    shareOfPool_.store(std::max<std::size_t>(share, 1), std::memory_order_relaxed);
}

/// Whether the group may receive although the pool has nothing left: up to its share, whoever has the
/// messages. Others may hoard what they received, keep it when their group is gone, or wait to send more than
/// the pool has; two engines that did would wait for each other for ever, neither reading what the other
/// writes. So the bound of what is received is twice the pool, and a message for each connection in the
/// middle of a frame.
bool Engine::mayOverdraw(const Group& group) const noexcept {
    return group.holds() < shareOfPool();
}

bool Engine::canReceive(const Group& group) noexcept {
    return mayOverdraw(group) || pool_->get(AllocationStrategy::PoolOnly) != nullptr;
}

void Engine::pause(IoChannel& channel) {
    Group& group = channel.group();
    paused_.push_back(channel);
    ++group.pausedChannels;
    if (!group.noticeIsOut) {
        sayPoolEmpty(channel);
        group.noticeIsOut = true;
    }
    pool_->watchForReturn();
    // A message that came back before the watch began is found by this look; or the room it left, if it was
    // one too many and was freed.
    if (canReceive(group)) onReturned();
}

/// While others wait for the pool, or much is kept already, a channel reads no more than it may have to keep.
std::span<std::byte> Engine::readRoom(const Group& group, Need need) noexcept {
    std::span<std::byte> room = readBuffer();
    if (keptInput_.load(std::memory_order_relaxed) >= maxKeptInput) room = room.first(ReadBuffer::mediumSize);
    const bool isShort = !paused_.empty() && need == Need::CanWait;
    if (isShort && !canReceive(group)) room = room.first(ReadBuffer::smallSize);
    return room;
}

void Engine::noteFrameBegun(Group& group) noexcept {
    ++group.framesUnderWay;
    if (group.pausedChannels != 0) onReturned();  // they have so much more room
}

void Engine::noteFrameDone(Group& group) noexcept {
    --group.framesUnderWay;
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
    warnPoolEmpty(channel.group());
}

/// For people: who is stopped, and who has the messages.
std::string Engine::describeGroup(const Group& group) const {
    std::string text = "group " + std::to_string(group.number);
    const ChannelPtr shown = channelTable_.showcase(group.channels);
    if (shown == nullptr) return text;
    return text +
           (shown->isListener() ? " (listens on " + shown->addresses.local()
                                : " (to " + shown->addresses.peer()) +
           ", " + std::to_string(channelTable_.count(group.channels)) + " channels)";
}

void Engine::warnPoolEmpty(const Group& group) noexcept try {
    if (!poolWarning_.pass(now())) return;
    std::shared_ptr<const Group> most = group.self();
    {
        const base::MutexLock lock(groupsMutex_);
        for (const std::shared_ptr<Group>& other : groups_)
            if (other->account != nullptr && other->holds() > most->holds()) most = other;
    }
    const auto holds = [this](const Group& holder) {
        return describeGroup(holder) + " holds " + std::to_string(holder.holds()) + " that it received, " +
               std::to_string(holder.mailbox().pending()) + " wait to be taken out";
    };
    std::string text = "no message is left: " + std::to_string(pool_->counters().outstanding) +
                       " are out, Options::maxPoolMessages is " + std::to_string(options_.maxPoolMessages) +
                       ". " + holds(group);
    if (most.get() != &group) text += "; " + holds(*most);
    log_.warn(text + ". Reading goes on when some come back: answer them or give them back sooner.");
} catch (const std::bad_alloc&) {
    // The notice says it too.
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

std::shared_ptr<PoolListener> Engine::hold() noexcept {
    const std::shared_ptr<Engine> self = weak_from_this().lock();
    return self != nullptr ? std::shared_ptr<PoolListener>(self, this) : nullptr;
}

void Engine::onReturned() noexcept {
    submit(resuming_, weak_from_this().lock());
}

/// Every group that waits gets a try: one that finds nothing must not keep another, which may have a right to
/// more, from going on. Of one group the first that finds nothing speaks for the others.
void Engine::resumePaused() noexcept {
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
    const ChannelPtr channel = channelTable_.find(number);
    const Status status = SubmitQueue::checkConnection(channel.get(), group.channels);
    if (status != Status::Success) {
        ec = status;
    } else if (!isReactorThread()) {
        if (submitQueue_.requestReadMode(*channel, mode)) wake();
    } else if (!channel->submissions.hasEnded()) {
        submitQueue_.noteReadMode(*channel, mode);
        static_cast<IoChannel&>(*channel).setReadMode(mode);
    }
}

}  // namespace tempeh::core

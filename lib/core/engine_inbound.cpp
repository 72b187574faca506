// Backpressure inbound, and what is due when an application is done with a message.

#include "core/engine.hpp"
#include "core/group.hpp"
#include "core/io_channel.hpp"
#include "message/message_access.hpp"

#include <algorithm>

namespace tempeh::core {

std::span<const std::byte> Engine::joinBeforeReadBuffer(std::span<const std::byte> head,
                                                        std::span<const std::byte> body,
                                                        std::size_t rest) noexcept {
    std::byte* const start = readBuffer().data() - head.size() - body.size();
    std::copy(head.begin(), head.end(), start);
    std::copy(body.begin(), body.end(), start + head.size());
    return {start, head.size() + body.size() + rest};
}

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
        if (group.cameUpEmptyIn == round) {
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

void Engine::onObligationDropped(std::uint64_t raw) noexcept {
    const Obligation obligation(raw);
    if (obligation.kind() == Obligation::Kind::AnswerBye) {
        owesByeNoMore(obligation);
    } else if (obligation.kind() == Obligation::Kind::CloseNotice) {
        // The notice was dropped unread, with its group.
        while (!onCloseNotice(raw).empty()) {
        }
    }
}

/// The engine answers the peer's bye.
void Engine::owesByeNoMore(Obligation obligation) noexcept {
    bool wakeNeeded = false;
    {
        const std::scoped_lock lock(switchboard_.mutex());
        Channel* channel = switchboard_.findLocked(obligation.channel());
        if (channel == nullptr || channel->generation() != obligation.generation()) return;
        channel->door.isByeDropped = true;
        wakeNeeded = switchboard_.list(*channel);
    }
    if (wakeNeeded) wake();
}

MessageQueue Engine::onCloseNotice(std::uint64_t raw) noexcept {
    const Obligation obligation(raw);
    return switchboard_.takeLateOrRetire(obligation.channel(), obligation.generation());
}

namespace {

/// Who it is that connects, as far as limits are concerned: a remote address without its port, or a user.
std::string peerOf(const transport::StreamInfo& info) {
    if (info.peerCredentials) return "uid " + std::to_string(info.peerCredentials->uid);
    return info.peerAddress.substr(0, info.peerAddress.rfind('|'));
}

}  // namespace

bool Engine::mayEnter(machines::Admission& admission, const transport::Stream& stream,
                      std::string_view peer) {
    const machines::Admission::Verdict verdict = admission.judge(peer);
    if (verdict == machines::Admission::Verdict::Admit) return true;
    const bool isListenerFull = verdict == machines::Admission::Verdict::ListenerIsFull;
    (isListenerFull ? counters_.refusedByListener : counters_.refusedByPeer).add();
    if (log_.wantsDebug())
        log_.debug("connection of " + stream.info().peerAddress + " refused: " +
                   (isListenerFull ? "maxConnectionsPerListener" : "maxConnectionsPerPeer") + " are open");
    return false;
}

Status Engine::openAccepted(const std::shared_ptr<Group>& group,
                            const std::shared_ptr<machines::Admission>& admission,
                            std::unique_ptr<transport::Stream> stream) {
    IoChannelPtr channel;
    try {
        const std::string peer = admission->tellsPeersApart() ? peerOf(stream->info()) : std::string();
        if (!mayEnter(*admission, *stream, peer)) return Status::Success;
        channel = new IoChannel(*this, group, std::move(stream));
        channel->enter(admission, peer);
        const Status status = switchboard_.open(channel, group->channels);
        if (status != Status::Success) return status;
        liveChannels_.fetch_add(1, std::memory_order_relaxed);
        counters_.accepted.add();
        channel->start();
        if (void* const longest = admission->longestWaiting())
            static_cast<IoChannel*>(longest)->makeRoomForNewer();
        return Status::Success;
    } catch (const std::bad_alloc&) {
        if (channel != nullptr && channel->number() != 0)
            channel->end(machines::EndCause::Failure, Status::AllocationFailed, {});
        return Status::AllocationFailed;
    }
}

void Engine::refuse(detail::Waiter& waiter, Status reason) noexcept {
    waiter.abortReason = reason;
    waiter.resume(false);
}

void Engine::startWritable(Group& group, detail::Waiter& waiter, ChannelNumber channel) noexcept {
    waiter.channel = channel;
    waiter.group = &group;
    if (isReactorThread()) return beginWritable(waiter);
    {
        const std::scoped_lock lock(contextMutex_);
        if (!contextGone_) {
            arriving_.push_back(waiter);
            if (switchboard_.enlist(arrivals_, shared_from_this())) sendWake();
            return;
        }
    }
    refuse(waiter, Status::ShutdownStarted);
}

void Engine::resumeLater(detail::Waiter& waiter) noexcept {
    {
        const std::scoped_lock lock(contextMutex_);
        if (!contextGone_) {
            again_.push_back(waiter);
            if (switchboard_.enlist(resumingAgain_, shared_from_this())) sendWake();
            return;
        }
    }
    waiter.resume(false);
}

void Engine::resumeAgain() noexcept {
    WaiterList waiters;  // not those that come here again meanwhile
    {
        const std::scoped_lock lock(contextMutex_);
        waiters.swap(again_);
    }
    while (!waiters.empty()) {
        detail::Waiter& waiter = waiters.front();
        waiters.pop_front();
        waiter.resume(false);
    }
}

void Engine::beginArrivals() noexcept {
    for (;;) {
        detail::Waiter* waiter = nullptr;
        {
            const std::scoped_lock lock(contextMutex_);
            if (arriving_.empty()) return;
            waiter = &arriving_.front();
            arriving_.pop_front();
        }
        beginWritable(*waiter);
    }
}

namespace {

Status checkWritable(const Channel* channel, const detail::GroupBackend* group) noexcept {
    if (channel == nullptr) return Status::InvalidChannelNumber;
    if (&channel->group() != group) return Status::InvalidChannelGroup;
    return channel->isListener() ? Status::NotAllowed : Status::Success;
}

}  // namespace

bool Engine::isWritable(const Group& group, ChannelNumber number, error_code& ec) const {
    ec.clear();
    const std::scoped_lock lock(switchboard_.mutex());
    const Channel* channel = switchboard_.findLocked(number);
    Status status = checkWritable(channel, &group);
    if (status == Status::Success && channel->door.hasEnded) status = Status::ChannelClosed;
    if (status == Status::Success) return channel->looksWritable();
    ec = status;
    return false;
}

void Engine::beginWritable(detail::Waiter& waiter) noexcept {
    if (switchboard_.hasSubmissions()) drainSubmissions();
    Channel* channel = switchboard_.findLocal(waiter.channel);
    const Status status = checkWritable(channel, waiter.group);
    if (status == Status::Success) return static_cast<IoChannel*>(channel)->waitWritable(waiter);
    refuse(waiter, status);
}

void Engine::cancelWritable(detail::Waiter& waiter, ChannelNumber number) noexcept {
    bool wakeNeeded = false;
    {
        const std::scoped_lock lock(switchboard_.mutex());
        waiter.isCancelled.store(true);
        Channel* channel = switchboard_.findLocked(number);
        if (channel == nullptr) return;  // it has been resumed, or will be when it arrives
        channel->door.isCancelling = true;
        wakeNeeded = switchboard_.list(*channel);
    }
    if (wakeNeeded) wake();
}

}  // namespace tempeh::core

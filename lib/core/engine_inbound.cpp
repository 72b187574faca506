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

/// Each group has a right to its share of the pool: when another holds more than its own, this one goes on
/// beyond the pool's maximum, up to its share. So the bound is twice the pool, and no group stops another.
bool Engine::anotherGroupHoards(const Group& group) const noexcept {
    const std::scoped_lock lock(groupsMutex_);
    const std::uint64_t share = options_.maxPoolMessages / std::max<std::size_t>(groups_.size(), 1);
    if (group.account->outstanding() >= std::max<std::uint64_t>(share, 1)) return false;
    for (const std::shared_ptr<Group>& other : groups_)
        if (other.get() != &group && other->account->outstanding() > share) return true;
    return false;
}

/// So the bound is the pool, and one message for each connection in the middle of a frame.
bool Engine::isHeldByFrames() const noexcept {
    return framesUnderWay_ != 0 && pool_->counters().outstanding < options_.maxPoolMessages + framesUnderWay_;
}

void Engine::pause(IoChannel& channel) {
    Group& group = channel.group();
    paused_.push_back(channel);
    ++group.pausedChannels;
    if (!group.noticeIsOut) {
        group.noticeIsOut = true;
        sayPoolEmpty(channel);
    }
    pool_->watchForReturn();
    // A message that came back before the watch began is found by this look.
    if (const MessagePtr returned = pool_->get(AllocationStrategy::PoolOnly)) onReturned();
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
    if (resumeScheduled_.exchange(true)) return;
    defer([this] {
        resumeScheduled_.store(false);
        resumePaused();
    });
}

/// Every group that waits gets a try: one that finds nothing must not keep another, which may have a right to
/// more, from going on. Of one group the first that finds nothing speaks for the others.
void Engine::resumePaused() {
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
        defer([this, obligation] { answerBye(obligation); });
    } else if (obligation.kind() == Obligation::Kind::CloseNotice) {
        // The notice was dropped unread, with its group.
        while (!onCloseNotice(raw).empty()) {
        }
    }
}

void Engine::answerBye(Obligation obligation) {
    Channel* channel = switchboard_.findLocal(obligation.channel());
    if (channel == nullptr || channel->generation() != obligation.generation() || channel->isListener())
        return;
    static_cast<IoChannel*>(channel)->answerBye();
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
    try {
        const std::string peer = admission->tellsPeersApart() ? peerOf(stream->info()) : std::string();
        if (!mayEnter(*admission, *stream, peer)) return Status::Success;
        const IoChannelPtr channel(new IoChannel(*this, group, std::move(stream)));
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
        return Status::AllocationFailed;
    }
}

namespace {

/// A waiter on its way to the reactor thread; resumed with ShutdownStarted when it cannot get there.
class TravellingWaiter {
public:
    explicit TravellingWaiter(detail::Waiter& waiter) noexcept : waiter_(&waiter) {}
    TravellingWaiter(TravellingWaiter&& other) noexcept : waiter_(std::exchange(other.waiter_, nullptr)) {}
    TravellingWaiter& operator=(TravellingWaiter&&) = delete;
    ~TravellingWaiter() {
        if (waiter_ == nullptr) return;
        waiter_->abortReason = Status::ShutdownStarted;
        waiter_->resume(false);
    }
    detail::Waiter& arrive() noexcept { return *std::exchange(waiter_, nullptr); }

private:
    detail::Waiter* waiter_;
};

}  // namespace

void Engine::startWritable(Group& group, detail::Waiter& waiter, ChannelNumber channel) {
    waiter.ticket = nextTicket_.fetch_add(1, std::memory_order_relaxed);
    if (isReactorThread()) return beginWritable(group, waiter, channel);
    defer([this, self = group.self(), travelling = TravellingWaiter(waiter), channel]() mutable {
        beginWritable(*self, travelling.arrive(), channel);
    });
}

namespace {

Status checkWritable(const Channel* channel, const Group& group) noexcept {
    if (channel == nullptr) return Status::InvalidChannelNumber;
    if (&channel->group() != &group) return Status::InvalidChannelGroup;
    return channel->isListener() ? Status::NotAllowed : Status::Success;
}

}  // namespace

bool Engine::isWritable(const Group& group, ChannelNumber number, error_code& ec) const {
    ec.clear();
    const std::scoped_lock lock(switchboard_.mutex());
    const Channel* channel = switchboard_.findLocked(number);
    Status status = checkWritable(channel, group);
    if (status == Status::Success && channel->door.hasEnded) status = Status::ChannelClosed;
    if (status == Status::Success) return channel->looksWritable();
    ec = status;
    return false;
}

void Engine::beginWritable(Group& group, detail::Waiter& waiter, ChannelNumber number) {
    if (switchboard_.hasSubmissions()) drainSubmissions();
    Channel* channel = switchboard_.findLocal(number);
    const Status status = checkWritable(channel, group);
    if (status == Status::Success) return static_cast<IoChannel*>(channel)->waitWritable(waiter);
    waiter.abortReason = status;
    waiter.resume(false);
}

void Engine::cancelWritable(ChannelNumber number, std::uint64_t ticket) {
    defer([this, number, ticket] {
        Channel* channel = switchboard_.findLocal(number);
        if (channel != nullptr && !channel->isListener())
            static_cast<IoChannel*>(channel)->cancelWritable(ticket);
    });
}

}  // namespace tempeh::core

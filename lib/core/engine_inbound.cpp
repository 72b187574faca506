// Connections that come in, what is due when an application is done with a message, and waiting for room.

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

void Engine::onObligationDropped(std::uint64_t raw) noexcept {
    const Obligation obligation(raw);
    if (obligation.kind() == Obligation::Kind::AnswerBye) {
        if (submitQueue_.requestByeResponse(obligation.channel(), obligation.generation())) wake();
    } else if (obligation.kind() == Obligation::Kind::CloseNotice) {
        // The notice was dropped unread, with its group.
        while (!onCloseNotice(raw).empty()) {
        }
    }
}

MessageQueue Engine::onCloseNotice(std::uint64_t raw) noexcept {
    const Obligation obligation(raw);
    return submitQueue_.takeLateOrRetire(obligation.channel(), obligation.generation());
}

namespace {

/// Who it is that connects, where limits tell peers apart.
std::string guestOf(const machines::Admission& admission, const transport::Stream& stream) {
    return admission.tellsPeersApart() ? stream.peerIdentity() : std::string();
}

}  // namespace

bool Engine::admits(const machines::Admission& admission, const transport::Stream& stream) {
    const machines::Admission::Verdict verdict = admission.judge(guestOf(admission, stream));
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
        const std::string peer = guestOf(*admission, *stream);
        channel = new IoChannel(*this, group, std::move(stream));
        channel->enter(admission, peer);
        const Status status = channelTable_.open(channel, group->channels);
        if (status != Status::Success) return status;
        liveChannels_.fetch_add(1, std::memory_order_relaxed);
        counters_.accepted.add();
        channel->start();
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
    if (const ContextUse::Hold context(contextUse_); context) {
        {
            const base::MutexLock lock(contextMutex_);
            arriving_.push_back(waiter);
        }
        if (submitQueue_.enlist(arrivals_, shared_from_this())) sendWake();
        return;
    }
    refuse(waiter, Status::ShutdownStarted);
}

void Engine::resumeLater(detail::Waiter& waiter) noexcept {
    if (const ContextUse::Hold context(contextUse_); context) {
        {
            const base::MutexLock lock(contextMutex_);
            again_.push_back(waiter);
        }
        if (submitQueue_.enlist(resumingAgain_, shared_from_this())) sendWake();
        return;
    }
    waiter.resume(false);
}

void Engine::resumeAgain() noexcept {
    WaiterList waiters;  // not those that come here again meanwhile
    {
        const base::MutexLock lock(contextMutex_);
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
            const base::MutexLock lock(contextMutex_);
            if (arriving_.empty()) return;
            waiter = &arriving_.front();
            arriving_.pop_front();
        }
        beginWritable(*waiter);
    }
}

bool Engine::isWritable(const Group& group, ChannelNumber number, error_code& ec) const {
    ec.clear();
    Status status = Status::Success;
    const bool isWritable = submitQueue_.isWritable(group.channels, number, status);
    if (status != Status::Success) ec = status;
    return isWritable;
}

void Engine::beginWritable(detail::Waiter& waiter) noexcept {
    if (submitQueue_.hasSubmissions()) drainSubmissions();
    Channel* channel = channelTable_.peek(waiter.channel);
    const auto& group = static_cast<const Group&>(*waiter.group);
    const Status status = SubmitQueue::checkConnection(channel, group.channels);
    if (status == Status::Success) return static_cast<IoChannel*>(channel)->waitWritable(waiter);
    refuse(waiter, status);
}

void Engine::cancelWritable(detail::Waiter& waiter, ChannelNumber number) noexcept {
    if (submitQueue_.cancel(waiter, number)) wake();
}

}  // namespace tempeh::core

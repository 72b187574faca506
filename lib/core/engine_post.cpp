// How messages get in: from the reactor thread straight to the channel, from others through the SubmitQueue.

#include "core/engine.hpp"
#include "core/group.hpp"
#include "core/io_channel.hpp"
#include "core/listener_channel.hpp"
#include "machines/post_rules.hpp"
#include "message/message_access.hpp"
#include "wire/encoder.hpp"

namespace tempeh::core {

BinaryHeader Engine::post(Group& group, MessagePtr& message, error_code& ec) {
    BinaryHeader header;
    if (isReactorThread() && message != nullptr && postPlain(group, message, header)) [[likely]] {
        ec.clear();
    } else if (const Status status = postAny(group, message, header); status != Status::Success) {
        ec = status;
    } else {
        ec.clear();
    }
    return header;
}

std::size_t Engine::postAll(Group& group, MessageQueue& messages, error_code& ec) noexcept {
    ec.clear();
    const bool isLocal = isReactorThread();
    // A single message may be one that this thread sends itself.
    std::size_t posted = isLocal || messages.size() == 1 ? 0 : submitPlain(group, messages);
    BinaryHeader header;
    while (MessagePtr message = messages.popFront()) {
        try {
            const bool isPosted = isLocal && postPlain(group, message, header);
            if (!isPosted) ec = postAny(group, message, header);
        } catch (const std::bad_alloc&) {
            ec = Status::AllocationFailed;
        }
        if (ec) {
            messages.pushFront(std::move(message));
            break;
        }
        ++posted;
    }
    return posted;
}

/// From the front whatever is plain and has room; the rest is for postAny() to judge.
std::size_t Engine::submitPlain(Group& group, MessageQueue& messages) noexcept {
    std::size_t submitted = 0;
    bool wakeNeeded = false;
    while (const std::size_t count = submitQueue_.postPlain(group.channels, messages, wakeNeeded))
        submitted += count;
    if (wakeNeeded) wake();
    return submitted;
}

Status Engine::postAny(Group& group, MessagePtr& message, BinaryHeader& header) {
    if (const Status status = machines::checkPost(message.get()); status != Status::Success) return status;
    if (channelTable_.isClosed()) return Status::ShutdownStarted;
    if (message->header.channelNumber == 0) return open(group, message, header);
    return isReactorThread() ? postLocal(group, message, header) : postRemote(group, message, header);
}

/// The common case of postLocal(): a regular message for an open connection with room.
bool Engine::postPlain(Group& group, MessagePtr& message, BinaryHeader& header) noexcept {
    if (!machines::isPlainPost(*message) || !submitQueue_.isQuiet()) return false;
    Channel* channel = channelTable_.peek(message->header.channelNumber);
    return channel != nullptr && channel->isOf(group.channels) && !channel->isListener() &&
           !channel->submissions.hasEnded() && static_cast<IoChannel*>(channel)->acceptPlain(message, header);
}

Status Engine::postLocal(Group& group, MessagePtr& message, BinaryHeader& header) {
    // A thread may have posted before it told a coroutine here to post: its message goes first.
    if (submitQueue_.hasSubmissions()) [[unlikely]]
        drainSubmissions();
    Channel* channel = channelTable_.peek(message->header.channelNumber);
    const Status status = SubmitQueue::checkTarget(channel, group.channels, message->header.opCode);
    if (status != Status::Success) [[unlikely]]
        return status;
    if (channel->submissions.hasEnded()) [[unlikely]]
        return postLate(*channel, message, header);
    if (!channel->hasRoom(*message, 0, 0)) [[unlikely]] {
        // Most of it may only wait for the end of the turn. A listener always has room for what it takes.
        static_cast<IoChannel*>(channel)->flush();
        if (channel->submissions.hasEnded()) return postLate(*channel, message, header);
        if (!channel->hasRoom(*message, 0, 0)) return Status::SendQueueFull;
    }
    prepare(*message, header);
    if (!channel->isListener() && !static_cast<IoChannel*>(channel)->mayAccept()) [[unlikely]] {
        static_cast<IoChannel*>(channel)->postpone(std::move(message));
        return Status::Success;
    }
    try {
        channel->accept(std::move(message));
    } catch (const std::bad_alloc&) {
        // It is the engine's by now, and comes back with the channel's end.
        channel->end(machines::EndCause::Failure, Status::AllocationFailed, {});
    }
    return Status::Success;
}

Status Engine::postRemote(Group& group, MessagePtr& message, BinaryHeader& header) {
    Owed owed = takeObligation(*message);
    SubmitQueue::Outcome outcome = submitQueue_.post(group.channels, message, header);
    if (outcome.status != Status::Success) {
        owed.giveBack(*message);
        return outcome.status;
    }
    if (outcome.writer != nullptr)
        outcome.wake = static_cast<IoChannel*>(outcome.writer)->writeDirectly(std::move(message));
    owed.settle();
    return conclude(group, outcome);
}

/// What is left to do when the lock is given back.
Status Engine::conclude(Group& group, const SubmitQueue::Outcome& outcome) noexcept {
    if (outcome.wake) wake();
    if (outcome.comesBack) {
        counters_.returned.add(*outcome.comesBack);
        group.returned.add(*outcome.comesBack);
    }
    return outcome.status;
}

/// The channel has ended: the message comes back before its ChannelClosed.
Status Engine::postLate(Channel& channel, MessagePtr& message, BinaryHeader& header) {
    Owed owed = takeObligation(*message);
    const SubmitQueue::Outcome outcome = submitQueue_.postLate(channel, message, header);
    if (outcome.status == Status::Success)
        owed.settle();
    else
        owed.giveBack(*message);
    return conclude(channel.group(), outcome);
}

Status Engine::open(Group& group, MessagePtr& message, BinaryHeader& header) {
    prepare(*message, header);
    // A HelloRequest that failed before and is sent again still carries the engine's word on that.
    message->textHeaders.remove(wire::reasonHeader);
    message->textHeaders.remove(wire::peerHeader);
    ChannelPtr channel;
    if (message->header.opCode == OpCode::WelcomeRequest)
        channel = new ListenerChannel(*this, group.self());
    else
        channel = new IoChannel(*this, group.self(), parseAddress(*message));
    channel->firstId = header.messageId;
    // Counted first: a shutdown may end the channel as soon as it has a number.
    liveChannels_.fetch_add(1, std::memory_order_relaxed);
    Status status = channelTable_.open(channel, group.channels);
    if (status != Status::Success) {
        liveChannels_.fetch_sub(1, std::memory_order_relaxed);
        if (channelTable_.isClosed()) noteDrained();
        return status;
    }
    message->header.channelNumber = header.channelNumber = channel->number();
    status = postFirst(*channel, message, header);
    if (status != Status::Success) message->header.channelNumber = 0;
    return status;
}

/// The message that opens the channel; comes back through the mailbox when a shutdown was quicker.
Status Engine::postFirst(Channel& channel, MessagePtr& message, BinaryHeader& header) {
    const SubmitQueue::Outcome outcome = submitQueue_.postFirst(channel, message, header);
    return conclude(channel.group(), outcome) == Status::Success ? Status::Success : Status::ShutdownStarted;
}

/// Received messages are on an account of the engine that received them.
Owed Engine::takeObligationOf(Message& message) noexcept {
    const Obligation obligation(detail::MessageAccess::obligation(message));
    detail::MessageAccess::setObligation(message, 0);
    const detail::InboundAccount* const account = detail::MessageAccess::account(message);
    if (obligation.kind() != Obligation::Kind::AnswerBye || account == nullptr) return Owed(obligation.raw());
    const bool isAnswer = account->pool == pool_.get() && message.header.opCode == OpCode::ByeResponse &&
                          message.header.channelNumber == obligation.channel();
    return Owed(obligation.raw(), isAnswer ? MessagePool::Hold() : MessagePool::Hold(*account->pool));
}

void Engine::wake() noexcept {
    counters_.reactorWakes.add();
    if (const ContextUse::Hold context(contextUse_); context) sendWake();
}

/// The context is held.
void Engine::sendWake() noexcept {
    // Whoever destroys the engine may come here with what it lets go of; there is nothing left to do then.
    std::shared_ptr<Engine> self = weak_from_this().lock();
    if (self == nullptr) return;
    wakeChannel_.post([self = std::move(self)] {
        const Turn turn(*self);
        self->onWake();
    });
}

void Engine::onWake() noexcept {
    const Whereabouts::Scope place(whereabouts_, Whereabouts::Doing::Jobs);
    submitQueue_.collectWake(collected_);
    acceptCollected();
    submitQueue_.runJobs();
}

bool Engine::submit(Job& job, std::shared_ptr<void> keepAlive) noexcept {
    // Of a job that is queued already this may be the last reference when the lock is given back: not before.
    const std::shared_ptr<void> outlivesTheLock = keepAlive;
    const ContextUse::Hold context(contextUse_);
    if (!context || keepAlive == nullptr) return false;
    if (submitQueue_.enlist(job, std::move(keepAlive))) sendWake();
    return true;
}

bool Engine::drainIfSubmitted() {
    if (!submitQueue_.hasAnything()) return false;
    const Turn turn(*this);
    submitQueue_.collectPolled(collected_);
    acceptCollected();
    submitQueue_.runJobs();
    return true;
}

void Engine::drainSubmissions() noexcept {
    submitQueue_.collect(collected_);
    acceptCollected();
}

void Engine::acceptCollected() noexcept {
    while (!collected_.empty()) {
        const ChannelPtr channel(&collected_.front(), false);
        collected_.pop_front();
        acceptCollectedOf(*channel);
    }
}

/// accept() may post and come here again, for this channel too: then the rest is accepted there.
void Engine::acceptCollectedOf(Channel& channel) noexcept {
    if (!channel.beginAccepting()) return channel.onListed();
    const bool wasAccepting = std::exchange(channel.isAccepting, true);
    try {
        while (MessagePtr message = channel.accepting.popFront()) {
            channel.acceptingBytes -= wire::frameSize(*message);
            channel.accept(std::move(message));
        }
    } catch (const std::bad_alloc&) {
        channel.end(machines::EndCause::Failure, Status::AllocationFailed, {});
    }
    channel.isAccepting = wasAccepting;
    channel.onListed();
}

}  // namespace tempeh::core

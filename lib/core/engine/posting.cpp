#include "core/engine/posting.hpp"

#include "core/channel/io_channel.hpp"
#include "core/channel/listener_channel.hpp"
#include "core/engine/engine.hpp"
#include "core/group/group.hpp"
#include "core/group/obligation.hpp"
#include "machines/post_rules.hpp"
#include "message/message_access.hpp"
#include "wire/encoder.hpp"

#include <chrono>
#include <thread>

namespace tempeh::core {

Posting::Posting(Engine& engine) noexcept
    : engine_(engine), table_(engine.channelTable()), queue_(engine.submitQueue()) {}

BinaryHeader Posting::post(Group& group, MessagePtr& message, error_code& ec) {
    BinaryHeader header;
    if (engine_.isReactorThread() && message != nullptr && postPlain(group, message, header)) [[likely]] {
        ec.clear();
    } else if (const Status status = postAny(group, message, header); status != Status::Success) {
        ec = status;
    } else {
        ec.clear();
    }
    return header;
}

std::size_t Posting::postAll(Group& group, MessageQueue& messages, error_code& ec) noexcept {
    ec.clear();
    const bool isLocal = engine_.isReactorThread();
    // This thread may be able to send a single message directly.
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

/// Submits plain messages from the front while there is room; postAny() decides about the rest.
std::size_t Posting::submitPlain(Group& group, MessageQueue& messages) noexcept {
    std::size_t submitted = 0;
    bool wakeNeeded = false;
    while (const std::size_t count = queue_.postPlain(group.channels, messages, wakeNeeded))
        submitted += count;
    if (wakeNeeded) engine_.wake();
    return submitted;
}

Status Posting::postAny(Group& group, MessagePtr& message, BinaryHeader& header) {
    if (const Status status = machines::checkPost(message.get()); status != Status::Success) return status;
    if (table_.isClosed()) return Status::ShutdownStarted;
    if (message->header.channelNumber == 0) return open(group, message, header);
    return engine_.isReactorThread() ? postLocal(group, message, header) : postRemote(group, message, header);
}

/// The common case of postLocal(): a regular message for an open connection with room.
bool Posting::postPlain(Group& group, MessagePtr& message, BinaryHeader& header) noexcept {
    if (!machines::isPlainPost(*message) || !queue_.isQuiet()) return false;
    Channel* channel = table_.peek(message->header.channelNumber);
    if (channel == nullptr || !channel->isOf(group.channels)) return false;
    IoChannel* const connection = channel->connection();
    return connection != nullptr && !channel->submissions.hasEnded() &&
           connection->acceptPlain(message, header);
}

Status Posting::postLocal(Group& group, MessagePtr& message, BinaryHeader& header) {
    // Another thread may have posted before it told a coroutine here to post: its message goes first.
    if (queue_.hasSubmissions()) [[unlikely]]
        collect();
    Channel* channel = table_.peek(message->header.channelNumber);
    const Status status = SubmitQueue::checkTarget(channel, group.channels, message->header.opCode);
    if (status != Status::Success) [[unlikely]]
        return status;
    if (channel->submissions.hasEnded()) [[unlikely]]
        return postLate(*channel, message, header);
    IoChannel* const connection = channel->connection();
    if (!channel->hasRoom(*message, 0, 0)) [[unlikely]] {
        // Much of the queue may only wait for the end of the turn. A listener always has room for what it
        // accepts.
        if (connection != nullptr) connection->flush();
        if (channel->submissions.hasEnded()) return postLate(*channel, message, header);
        if (!channel->hasRoom(*message, 0, 0)) return Status::SendQueueFull;
    }
    prepare(*message, header);
    if (connection != nullptr && !connection->mayAccept()) [[unlikely]] {
        connection->postpone(std::move(message));
        return Status::Success;
    }
    try {
        channel->accept(std::move(message));
    } catch (const std::bad_alloc&) {
        // The message now belongs to the engine, and comes back when the channel ends.
        channel->end(machines::EndCause::Failure, Status::AllocationFailed, {});
    }
    return Status::Success;
}

Status Posting::postRemote(Group& group, MessagePtr& message, BinaryHeader& header) {
    Owed owed = takeObligation(*message);
    // A receiver that finds more in its mailbox answers that too before it waits: the reactor, woken once,
    // writes those answers together.
    const auto writer =
        group.mailbox().pending() == 0 ? SubmitQueue::Writer::Caller : SubmitQueue::Writer::Reactor;
    SubmitQueue::Outcome outcome = queue_.post(group.channels, message, header, writer);
    if (outcome.status != Status::Success) {
        owed.giveBack(*message);
        return outcome.status;
    }
    if (outcome.writer != nullptr)
        outcome.wake = outcome.writer->connection()->writeDirectly(std::move(message));
    owed.settle();
    return conclude(group, outcome);
}

/// Does the rest after the lock is released.
Status Posting::conclude(Group& group, const SubmitQueue::Outcome& outcome) noexcept {
    if (outcome.wake) engine_.wake();
    if (outcome.comesBack) {
        engine_.counters().returned.add(*outcome.comesBack);
        group.returned.add(*outcome.comesBack);
    }
    return outcome.status;
}

/// The channel has ended: the message comes back before its ChannelClosed.
Status Posting::postLate(Channel& channel, MessagePtr& message, BinaryHeader& header) {
    Owed owed = takeObligation(*message);
    const SubmitQueue::Outcome outcome = queue_.postLate(channel, message, header);
    if (outcome.status == Status::Success)
        owed.settle();
    else
        owed.giveBack(*message);
    return conclude(channel.group(), outcome);
}

Status Posting::open(Group& group, MessagePtr& message, BinaryHeader& header) {
    prepare(*message, header);
    // A HelloRequest that failed before and is sent again still carries the engine's explanation.
    message->textHeaders.remove(wire::reasonHeader);
    message->textHeaders.remove(wire::peerHeader);
    ChannelPtr channel;
    if (message->header.opCode == OpCode::WelcomeRequest)
        channel = new ListenerChannel(engine_, group.self());
    else
        channel = new IoChannel(engine_, group.self(), parseAddress(*message));
    channel->firstId = header.messageId;
    // Count first: a shutdown may end the channel as soon as it has a number.
    engine_.life().noteOpened();
    Status status = table_.open(channel, group.channels);
    if (status != Status::Success) {
        engine_.life().noteNotOpened();
        return status;
    }
    message->header.channelNumber = header.channelNumber = channel->number();
    status = postFirst(*channel, message, header);
    if (status != Status::Success) message->header.channelNumber = 0;
    return status;
}

/// Posts the message that opens the channel. It comes back through the mailbox if a shutdown came first.
Status Posting::postFirst(Channel& channel, MessagePtr& message, BinaryHeader& header) {
    const SubmitQueue::Outcome outcome = queue_.postFirst(channel, message, header);
    return conclude(channel.group(), outcome) == Status::Success ? Status::Success : Status::ShutdownStarted;
}

/// A received message belongs to an account of the engine that received it.
Owed Posting::takeObligationOf(Message& message) noexcept {
    const Obligation obligation(detail::MessageAccess::obligation(message));
    detail::MessageAccess::setObligation(message, 0);
    const detail::InboundAccount* const account = detail::MessageAccess::account(message);
    if (obligation.kind() != Obligation::Kind::AnswerBye || account == nullptr) return Owed(obligation.raw());
    const bool isAnswer = account->pool == &engine_.pool() && message.header.opCode == OpCode::ByeResponse &&
                          message.header.channelNumber == obligation.channel();
    return Owed(obligation.raw(), isAnswer ? MessagePool::Hold() : MessagePool::Hold(*account->pool));
}

/// Handles a requested wake-up.
void Posting::onWake() noexcept {
    const Whereabouts::Scope place(engine_.turns().whereabouts(), Whereabouts::Doing::Tasks);
    if (queue_.expectsMore()) givingWay_.once(std::chrono::steady_clock::now, std::this_thread::yield);
    queue_.collectWake(collected_);
    acceptCollected();
    queue_.runTasks();
}

bool Posting::collectPolled() noexcept {
    if (!queue_.hasAnything()) return false;
    const Engine::Turn turn(engine_);
    queue_.collectPolled(collected_);
    acceptCollected();
    queue_.runTasks();
    return true;
}

void Posting::collect() noexcept {
    queue_.collect(collected_);
    acceptCollected();
}

void Posting::acceptCollected() noexcept {
    while (!collected_.empty()) {
        const ChannelPtr channel(&collected_.front(), false);
        collected_.pop_front();
        acceptCollectedOf(*channel);
    }
}

/// accept() may post and re-enter this function, even for this channel: the inner call then accepts the rest.
void Posting::acceptCollectedOf(Channel& channel) noexcept {
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

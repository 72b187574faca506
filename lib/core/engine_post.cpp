// How messages get in: from the reactor thread straight to the channel, from others through the switchboard.

#include "core/engine.hpp"
#include "core/group.hpp"
#include "core/io_channel.hpp"
#include "core/listener_channel.hpp"
#include "machines/listener_machine.hpp"
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
    while (const std::size_t count = submitSomePlain(group, messages, wakeNeeded))
        submitted += count;
    if (wakeNeeded) wake();
    return submitted;
}

/// As many as one lock may be held for.
std::size_t Engine::submitSomePlain(Group& group, MessageQueue& messages, bool& wakeNeeded) noexcept {
    constexpr std::size_t atMost = 128;
    std::size_t submitted = 0;
    const std::scoped_lock lock(switchboard_.mutex());
    for (const Message* next = messages.front(); next != nullptr && submitted < atMost;
         next = messages.front()) {
        if (switchboard_.isClosed() || !machines::isPlainPost(*next)) break;
        Channel* channel = switchboard_.findLocked(next->header.channelNumber);
        if (channel == nullptr || &channel->group() != &group || channel->isListener()) break;
        const Channel::Door& door = channel->door;
        if (door.hasEnded || !channel->hasRoom(*next, door.submitted.size(), door.submittedBytes)) break;
        if (detail::MessageAccess::obligation(*next) != 0) break;  // settled without the lock
        MessagePtr message = messages.popFront();
        BinaryHeader header;
        prepare(*message, header);
        wakeNeeded |= switchboard_.submit(*channel, message, wire::frameSize(*message));
        ++submitted;
    }
    return submitted;
}

Status Engine::postAny(Group& group, MessagePtr& message, BinaryHeader& header) {
    if (const Status status = machines::checkPost(message.get()); status != Status::Success) return status;
    if (switchboard_.isClosed()) return Status::ShutdownStarted;
    if (message->header.channelNumber == 0) return open(group, message, header);
    return isReactorThread() ? postLocal(group, message, header) : postRemote(group, message, header);
}

/// The common case of postLocal(): a regular message for an open connection with room.
bool Engine::postPlain(Group& group, MessagePtr& message, BinaryHeader& header) noexcept {
    if (!machines::isPlainPost(*message) || !switchboard_.isQuiet()) return false;
    Channel* channel = switchboard_.findLocal(message->header.channelNumber);
    return channel != nullptr && &channel->group() == &group && !channel->isListener() &&
           !channel->door.hasEnded && static_cast<IoChannel*>(channel)->acceptPlain(message, header);
}

Status Engine::checkDoor(Channel* channel, const Group& group, OpCode opCode) const noexcept {
    if (channel == nullptr) return Status::InvalidChannelNumber;
    if (&channel->group() != &group) return Status::InvalidChannelGroup;
    if (channel->isListener()) return machines::ListenerMachine().onPost(opCode).status;
    return Status::Success;
}

Status Engine::postLocal(Group& group, MessagePtr& message, BinaryHeader& header) {
    // A thread may have posted before it told a coroutine here to post: its message goes first.
    if (switchboard_.hasSubmissions()) [[unlikely]]
        drainSubmissions();
    Channel* channel = switchboard_.findLocal(message->header.channelNumber);
    const Status status = checkDoor(channel, group, message->header.opCode);
    if (status != Status::Success) [[unlikely]]
        return status;
    if (channel->door.hasEnded) [[unlikely]]
        return keepLate(*channel, message, header);
    if (!channel->hasRoom(*message, 0, 0)) [[unlikely]] {
        // Most of it may only wait for the end of the turn. A listener always has room for what it takes.
        static_cast<IoChannel*>(channel)->flush();
        if (channel->door.hasEnded) return keepLate(*channel, message, header);
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

/// Whether this thread may send the message itself. True: it has borrowed the right to.
bool Engine::mayWriteDirectly(Channel& channel, const Message& message) noexcept {
    return channel.mayAnswerDirectly.load(std::memory_order_relaxed) && isRegular(message.header.opCode) &&
           message.textHeaders.sizeBytes() <= IoChannel::maxDirectHeaders && channel.door.submitted.empty() &&
           !channel.isListener() && channel.sendRight.borrow();
}

Status Engine::postRemote(Group& group, MessagePtr& message, BinaryHeader& header) {
    bool wakeNeeded = false;
    IoChannel* direct = nullptr;
    Owed owed;
    {
        std::unique_lock lock(switchboard_.mutex());
        Channel* channel = switchboard_.findLocked(message->header.channelNumber);
        const Status status = checkDoor(channel, group, message->header.opCode);
        if (status != Status::Success) return status;
        if (channel->door.hasEnded) {
            const ChannelPtr keepAlive(channel);
            lock.unlock();
            return keepLate(*channel, message, header);
        }
        const Channel::Door& door = channel->door;
        if (!channel->hasRoom(*message, door.submitted.size(), door.submittedBytes))
            return Status::SendQueueFull;
        owed = takeObligation(*message);
        prepare(*message, header);
        if (mayWriteDirectly(*channel, *message))
            direct = static_cast<IoChannel*>(channel);
        else
            wakeNeeded = switchboard_.submit(*channel, message, wire::frameSize(*message));
    }
    if (direct != nullptr) wakeNeeded = direct->writeDirectly(std::move(message));
    if (wakeNeeded) wake();
    owed.settle();
    return Status::Success;
}

/// The channel ended and its ChannelClosed has not been received: the message comes back before that.
Status Engine::keepLate(Channel& channel, MessagePtr& message, BinaryHeader& header) {
    // Returning a message, and settling what it owes, takes the lock that is held below.
    MessagePtr dropped;
    Owed owed;
    {
        const std::scoped_lock lock(switchboard_.mutex());
        const Status status = keepLateLocked(channel, message, header, owed);
        if (status != Status::Success) return status;
        dropped = std::move(message);  // a bye, which has nothing left to do
    }
    owed.settle();
    return Status::Success;
}

/// The message stays where it is when it is not to come back.
Status Engine::keepLateLocked(Channel& channel, MessagePtr& message, BinaryHeader& header, Owed& owed) {
    if (channel.door.isRetired) return Status::InvalidChannelNumber;
    // Who posts on and on without receiving must notice.
    if (!channel.hasRoomLate(*message)) return Status::SendQueueFull;
    owed = takeObligation(*message);
    prepare(*message, header);
    if (message->header.opCode == OpCode::ByeSignal) return Status::Success;
    if (message->header.opCode == OpCode::HelloRequest) message->header.opCode = OpCode::HelloResponse;
    if (message->header.opCode == OpCode::WelcomeRequest) message->header.opCode = OpCode::WelcomeResponse;
    message->header.origin = Origin::Engine;
    message->header.status = static_cast<std::uint8_t>(channel.door.lateStatus);
    counters_.returned.add(channel.door.lateStatus);
    channel.group().returned.add(channel.door.lateStatus);
    channel.counters.returned.add();
    channel.door.lateBytes += wire::frameSize(*message);
    channel.door.late.pushBack(std::move(message));
    return Status::Success;
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
    Status status = switchboard_.open(channel, group.channels);
    if (status != Status::Success) {
        liveChannels_.fetch_sub(1, std::memory_order_relaxed);
        if (switchboard_.isClosed()) noteDrained();
        return status;
    }
    message->header.channelNumber = header.channelNumber = channel->number();
    status = submitFirst(channel, message, header);
    if (status != Status::Success) message->header.channelNumber = 0;
    return status;
}

/// The message that opens the channel; comes back through the mailbox when a shutdown was quicker.
Status Engine::submitFirst(const ChannelPtr& channel, MessagePtr& message, BinaryHeader& header) {
    bool wakeNeeded = false;
    {
        std::unique_lock lock(switchboard_.mutex());
        if (channel->door.hasEnded) {
            lock.unlock();
            const Status status = keepLate(*channel, message, header);
            return status == Status::Success ? status : Status::ShutdownStarted;
        }
        wakeNeeded = switchboard_.submit(*channel, message, wire::frameSize(*message));
    }
    if (wakeNeeded) wake();
    return Status::Success;
}

/// Received messages are on an account of the engine that received them.
Owed Engine::takeObligationOf(Message& message) noexcept {
    const Obligation obligation(detail::MessageAccess::obligation(message));
    detail::MessageAccess::setObligation(message, 0);
    const detail::InboundAccount* const account = detail::MessageAccess::account(message);
    if (obligation.kind() != Obligation::Kind::AnswerBye || account == nullptr) return {};
    const bool isAnswer = account->pool == pool_.get() && message.header.opCode == OpCode::ByeResponse &&
                          message.header.channelNumber == obligation.channel();
    return isAnswer ? Owed() : Owed(obligation.raw(), MessagePool::Hold(*account->pool));
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
    switchboard_.noteWake();
    const Whereabouts::Scope place(whereabouts_, Whereabouts::Doing::Jobs);
    drainSubmissions();
    switchboard_.runJobs();
}

bool Engine::submit(Job& job, std::shared_ptr<void> keepAlive) noexcept {
    // Of a job that is queued already this may be the last reference when the lock is given back: not before.
    const std::shared_ptr<void> outlivesTheLock = keepAlive;
    const ContextUse::Hold context(contextUse_);
    if (!context || keepAlive == nullptr) return false;
    if (switchboard_.enlist(job, std::move(keepAlive))) sendWake();
    return true;
}

bool Engine::drainIfSubmitted() {
    if (!switchboard_.hasSubmissions() && !switchboard_.hasJobs()) return false;
    const Turn turn(*this);
    drainSubmissions();
    switchboard_.runJobs();
    return true;
}

void Engine::drainSubmissions() noexcept {
    switchboard_.collect(collected_);
    while (!collected_.empty()) {
        const ChannelPtr channel(&collected_.front(), false);
        collected_.pop_front();
        acceptCollected(*channel);
    }
}

/// accept() may post and come here again, for this channel too: then the rest is accepted there.
void Engine::acceptCollected(Channel& channel) noexcept {
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

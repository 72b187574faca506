// The life cycle of a channel: connecting, ending, and finishing with the stream afterwards.

#include "core/channel/io_channel.hpp"

#include "core/channel/close_notice.hpp"
#include "core/group/group.hpp"
#include "core/group/stamp.hpp"
#include "transport/scheme.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>

namespace tempeh::core {

using machines::ChannelState;
using machines::EndCause;

IoChannel::IoChannel(Engine& engine, std::shared_ptr<Group> group, Address address)
    : Channel(std::move(group), Kind::Io, limitsOf(engine.options()), engine.now())
    , engine_(engine)
    , machine_(machines::Side::Client)
    , receiver_(engine.inbound().keptInput())
    , outbox_(engine.blocks(), engine.pool())
    , notice_(engine.pool().getReserved())
    , address_(std::make_unique<Address>(std::move(address))) {
    setConnection(*this);
    addresses.set({.transport = transport::kindOf(*address_), .peer = toString(*address_)});
}

IoChannel::IoChannel(Engine& engine, std::shared_ptr<Group> group, std::unique_ptr<transport::Stream> stream)
    : Channel(std::move(group), Kind::Io, limitsOf(engine.options()), engine.now())
    , engine_(engine)
    , machine_(machines::Side::Server)
    , receiver_(engine.inbound().keptInput())
    , outbox_(engine.blocks(), engine.pool())
    , notice_(engine.pool().getReserved())
    , stream_(std::move(stream)) {
    setConnection(*this);
}

IoChannel::~IoChannel() {
    settleWriters(Status::ShutdownStarted);
}

Status IoChannel::open() noexcept {
    try {
        const Status status = engine_.channelTable().open(this, group().channels);
        if (status == Status::Success) {
            engine_.counters().accepted.add();
            start();
        } else {
            engine_.life().noteNotOpened();
        }
        return status;
    } catch (const std::bad_alloc&) {
        if (number() != 0)
            end(EndCause::Failure, Status::AllocationFailed, {});
        else
            engine_.life().noteNotOpened();
        return Status::AllocationFailed;
    }
}

void IoChannel::start() {
    life_.begin();
    engine_.life().noteActive(*this);
    publishStream();
    phase.store(ChannelPhase::Handshake, std::memory_order_relaxed);
    refreshDeadline();
    startReading();
}

void IoChannel::publishStream() {
    const transport::StreamInfo& info = stream_->info();
    addresses.set(
        {info.transport, info.localAddress, info.peerAddress, info.peerCredentials, info.peerCertificate});
}

asio::awaitable<void> IoChannel::connectLoop(IoChannelPtr self, Address address) {
    Loop loop(*self, LoopKind::Connect);
    error_code ec;
    std::unique_ptr<transport::Stream> stream;
    try {
        stream = co_await self->connector_->connect(std::move(address), ec);
    } catch (const std::bad_alloc&) {
        ec = Status::AllocationFailed;
    }
    const Engine::Turn turn(self->engine_);
    const std::unique_ptr<transport::Connector> connector = std::move(self->connector_);
    const Status failure = connector != nullptr ? connector->statusOf(ec) : transport::connectStatus(ec);
    self->onConnected(std::move(stream), ec, failure);
    loop.finish();
}

void IoChannel::onConnected(std::unique_ptr<transport::Stream> stream, const error_code& ec,
                            Status failure) noexcept {
    if (machine_.state() == ChannelState::Closed) return;  // ended while connecting; the stream closes itself
    if (stream == nullptr) return end(EndCause::ConnectFailed, failure, ec);
    engine_.counters().connected.add();
    stream_ = std::move(stream);
    machine_.onConnected();
    refreshDeadline();
    try {
        publishStream();
        startReading();
        engine_.turns().flushAtEnd(*this);
    } catch (const std::bad_alloc&) {
        end(EndCause::Failure, Status::AllocationFailed, {});
    }
}

void IoChannel::end(EndCause cause, Status status, const EndDetail& detail) noexcept {
    if (machine_.state() == ChannelState::Closed) return;
    const IoChannelPtr keepAlive(this);
    const bool isNobodyWriting = holdSendRight();
    const machines::Ending ending = machine_.onEnd(cause, status);
    if (cause == EndCause::Violation) engine_.counters().violations.add();
    guest_.stopWaiting();
    stopWatching();
    stopPausing();
    receiver_.dropKept();
    receiver_.giveUp();

    back_ = collectUnsent(ending, cause, detail);
    // Only after posts come back: a thread that sees the channel closed can rely on that.
    phase.store(ChannelPhase::Closed, std::memory_order_release);
    countReturned(back_.size());
    if (ending.announce)
        notice_ = makeCloseNotice(std::move(notice_), *this, cause, ending.reason, detail);
    else
        notice_.reset();
    engine_.channelLog().noteEnd(*this, cause, ending.reason, detail, back_.size());
    const machines::Exchanged exchanged{age(engine_.now()), counters.sent.messages.get(),
                                        counters.received.messages.get()};
    if (ending.announce && machine_.wasLeftUnanswered(exchanged))
        engine_.channelLog().warnOfUnansweredHello(*this, exchanged.age, engine_.now());
    if (isNobodyWriting) return finishEnd();
    life_.awaitWriter();
}

/// The second half of end(), when no thread is writing any more.
void IoChannel::finishEnd() noexcept {
    const IoChannelPtr keepAlive(this);
    tellOfEnd();
    settleWriters(Status::ChannelClosed);
    if (connector_ != nullptr) connector_->cancel();
    const machines::AfterEnd next = machine_.afterEnd();
    if (stream_ == nullptr || next == machines::AfterEnd::Close) return closeStream();
    if (next == machines::AfterEnd::SendRest && !stream_->hasUnsent()) return closeStream();
    stream_->shutdownSend();
    const Options& options = engine_.options();
    linger(next == machines::AfterEnd::AwaitPeer ? options.byeTimeout : options.lingerTimeout);
}

/// Returns what was not sent, then the ChannelClosed if the application knows the channel.
void IoChannel::tellOfEnd() noexcept {
    MessageQueue back;
    if (MessagePtr rest = outbox_.takeRestBack()) {
        markFromEngine(*rest, returnStatus_);
        countReturned(1);
        back.pushBack(std::move(rest));
    }
    back.append(back_);
    if (notice_ != nullptr)
        back.pushBack(std::move(notice_));
    else
        engine_.submitQueue().retire(*this);
    engine_.life().noteEnded();
    if (!machine_.isDetached()) group().deliver(back, false);
}

void IoChannel::countReturned(std::size_t messages) noexcept {
    if (messages == 0) return;
    engine_.counters().returned.add(returnStatus_, messages);
    group().returned.add(returnStatus_, messages);
    counters.returned.add(messages);
}

void IoChannel::logLost(std::size_t messages) const noexcept {
    try {
        engine_.log().error("out of memory: " + std::to_string(messages) + " messages of channel " +
                            std::to_string(number()) + " cannot be returned");
    } catch (const std::bad_alloc&) {
        engine_.log().error("out of memory: messages cannot be returned");
    }
}

/// Everything that was posted and is not completely with the kernel, in order, marked with the reason.
MessageQueue IoChannel::collectUnsent(const machines::Ending& ending, EndCause cause,
                                      const EndDetail& detail) noexcept {
    MessageQueue back;
    if (ending.returnHello) back.pushBack(std::move(hello_));
    hello_.reset();
    std::size_t lost = 0;
    back.append(outbox_.takeAll(number(), lost));
    if (lost != 0) logLost(lost);
    MessageQueue unseen = std::move(accepting);
    acceptingBytes = 0;
    publishQueue();
    returnStatus_ = ending.returnStatus;
    MessageQueue submitted = engine_.submitQueue().end(*this, returnStatus_);
    unseen.append(submitted);
    while (MessagePtr message = unseen.popFront())
        if (message->header.opCode != OpCode::ByeSignal)
            back.pushBack(std::move(message));  // what it asks is done
    for (Message& message : back) {
        if (message.header.opCode == OpCode::HelloRequest) {
            message.header.opCode = OpCode::HelloResponse;
            addFailure(message, *this, cause, detail);
        }
        markFromEngine(message, ending.returnStatus);
    }
    return back;
}

/// The application is done. Waits for the peer to close, so that no data in flight is lost to a reset.
void IoChannel::linger(Duration limit) noexcept {
    if (machine_.state() != ChannelState::Closed) {
        // Detached: nothing is reported, and the number is free.
        machine_.onEnd(EndCause::LocalClose);
        engine_.submitQueue().end(*this, returnStatus_);
        engine_.submitQueue().retire(*this);
        engine_.channelLog().noteEnd(*this, EndCause::LocalClose, Status::Success, {}, 0);
        engine_.life().noteEnded();
    }
    life_.linger();
    setDeadline(limit);
    try {
        startReading();
    } catch (const std::bad_alloc&) {
        closeStream();  // the peer's end would go unnoticed
    }
}

/// A coroutine of this channel was destroyed before its end, because an Asio handler could not be allocated.
void IoChannel::onLoopDropped() noexcept {
    if (!life_.isRegistered()) return;  // the context is being destroyed, and everything on it
    const Engine::Turn turn(engine_);
    connector_.reset();
    end(EndCause::Failure, Status::AllocationFailed, {});
    closeStream();
    releaseIfDone();
}

void IoChannel::closeStream() noexcept {
    // Not while a thread is writing: the rest of end() then closes the stream.
    if (!holdSendRight() || !life_.close()) return;
    if (stream_ != nullptr) stream_->close();
    releaseIfDone();
}

/// The last step: no coroutine uses the stream any more.
void IoChannel::releaseIfDone() noexcept {
    if (!life_.release()) return;
    stream_.reset();
    guest_.leave();
    deadline_.reset();
    watches_.clear();
    engine_.life().noteInactive(*this);
    leaveTurns();
}

/// Removes the channel from the engine's lists of writers. A posting thread may hold the last reference, and
/// must not touch those lists.
void IoChannel::leaveTurns() noexcept {
    if (TurnWriter::is_linked()) TurnWriter::unlink();
}

void IoChannel::detach() {
    switch (machine_.onDetach()) {
        case machines::DetachAction::Nothing:
            return;
        case machines::DetachAction::End:
            return end(EndCause::LocalClose, Status::Success, {});
        case machines::DetachAction::SendRest:
            break;
    }
    receiver_.giveUp();
    stopWatching();
    stopPausing();
    settleWriters(Status::ShutdownStarted);
    followDeadline();
    if (stream_ != nullptr) engine_.turns().flushAtEnd(*this);  // flush() finds it empty, or empties it
}

void IoChannel::drainForShutdown() {
    if (!machine_.onDrain()) return;
    if (!mayAccept()) return;  // flush() handles it after the thread that writes
    if (outbox_.isEmpty())
        end(EndCause::Shutdown, Status::ShutdownStarted, {});
    else if (stream_ != nullptr)
        engine_.turns().flushAtEnd(*this);
}

void IoChannel::abandon() noexcept {
    if (isSendRightOut_) {
        awaitSendRight();
        onSendRightBack();
    }
    const machines::StreamLife before = life_;
    life_.abandon();
    if (before.isEnding()) tellOfEnd();
    settleWriters(Status::ShutdownStarted);
    connector_.reset();
    stream_.reset();
    guest_.leave();
    deadline_.reset();
    watches_.clear();
    if (before.isRegistered()) engine_.life().noteInactive(*this);
    leaveTurns();
}

void IoChannel::answerBye() noexcept {
    if (machine_.state() == ChannelState::Closed || !machine_.owesByeResponse() || machine_.isDetached())
        return;
    try {
        MessagePtr answer = engine_.pool().get(AllocationStrategy::Always);
        answer->header.opCode = OpCode::ByeResponse;
        answer->header.channelNumber = number();
        answer->header.messageId = byeId_;
        accept(std::move(answer));
    } catch (const std::bad_alloc&) {
        end(EndCause::Failure, Status::AllocationFailed, {});
    }
}

std::string IoChannel::describeBacklog() const {
    if (outbox_.isEmpty()) return {};
    return "channel " + std::to_string(number()) + " to " + addresses.peer() + ": " +
           std::to_string(outbox_.unsentMessages()) + " messages (" + std::to_string(outbox_.unsentBytes()) +
           " bytes) not sent, " + std::string(nameOf(phase.load(std::memory_order_relaxed)));
}

void IoChannel::fill(ChannelInfo& info) const {
    fillCommon(info, engine_.submitQueue().snapshot(*this), engine_.now());
    const TimePoint since = readingSince_.load(std::memory_order_relaxed);
    if (submissions.hasEnded() || info.state == ChannelPhase::Opening) return;
    info.isReadingPaused = since == TimePoint::max();
    if (!info.isReadingPaused) info.readingFor = engine_.now() - std::max(since, engine_.timer().runsSince());
}

}  // namespace tempeh::core

// The writing half of a channel: many messages per gathered write, straight to the kernel at the end of a
// turn.

#include "core/channel/io_channel.hpp"
#include "core/group/group.hpp"

#include <boost/asio/error.hpp>

#include <new>

namespace tempeh::core {

namespace {

/// Consecutive writes before other channels get their turn.
constexpr int writesPerFlush = 16;

machines::WriteError classify(const error_code& ec) noexcept {
    if (ec == asio::error::operation_aborted) return machines::WriteError::Cancelled;
    return transport::isOfPeer(ec) ? machines::WriteError::Peer : machines::WriteError::Local;
}

}  // namespace

void IoChannel::accept(MessagePtr message) {
    const OpCode opCode = message->header.opCode;
    if (opCode == OpCode::HelloRequest) {
        // The first message of a client channel: start connecting, with the hello at the head of the queue.
        outbox_.push(message);
        publishQueue();
        life_.begin();
        engine_.life().noteActive(*this);
        refreshDeadline();
        connector_ = engine_.network().makeConnector(wire::schemeOf(*address_));
        return startConnecting();
    }
    switch (machine_.onPost(opCode)) {
        case machines::PostAction::Queue:
            queue(message);
            if (!isRegular(opCode)) refreshDeadline();
            break;
        case machines::PostAction::HoldBack:
            outbox_.hold(std::move(message));
            publishQueue();
            break;
        case machines::PostAction::CloseNow:
            message.reset();
            end(machines::EndCause::LocalClose, Status::Success, {});
            break;
    }
}

void IoChannel::startConnecting() {
    life_.started(LoopKind::Connect);
    try {
        engine_.life().spawn(connectLoop(this, std::move(*address_)));
        address_.reset();
    } catch (const std::bad_alloc&) {
        life_.stopped(LoopKind::Connect);
        connector_.reset();
        throw;
    }
}

void IoChannel::startWriting() {
    life_.started(LoopKind::Write);
    try {
        engine_.life().spawn(writeLoop(this));
    } catch (const std::bad_alloc&) {
        life_.stopped(LoopKind::Write);
        throw;
    }
}

void IoChannel::flush() noexcept {
    if (!holdSendRight()) return;
    if (stream_ == nullptr || outbox_.isBlocked() || !machine_.canWrite() || !life_.isLive()) return;
    try {
        for (int i = 0; i < writesPerFlush && !outbox_.isEmpty(); ++i) {
            flushOnce();
            if (outbox_.isBlocked() || !machine_.canWrite() || !life_.isLive()) break;
        }
        publishQueue();
        if (writers_ != nullptr && hasHalfItsRoom()) writers_->resumeAll();
        if (!life_.isLive()) return;
        if (outbox_.isEmpty()) {
            if (accepting.empty()) onQueueEmpty();
            if (hasRemotePosts_) offerSendRight();
        } else if (outbox_.isBlocked() && !life_.runs(LoopKind::Write)) {
            startWriting();
            watches_.watchWriting(engine_.options().writeTimeout);
        } else if (!outbox_.isBlocked() && machine_.canWrite()) {
            engine_.turns().flushLater(*this);
        }
    } catch (const std::bad_alloc&) {
        end(machines::EndCause::Failure, Status::AllocationFailed, {});
    }
}

void IoChannel::flushOnce() {
    wire::FrameBatch& batch = engine_.buffers().frameBatch();
    batch.clear();
    outbox_.fill(batch);
    error_code ec;
    const std::size_t written = stream_->writeSome(batch.spans(), ec);
    counters.writes.add();
    engine_.counters().writes.add();
    if (ec == asio::error::would_block || ec == asio::error::try_again) return outbox_.block();
    if (ec) return onWriteError(classify(ec), ec);
    // The time for the bye runs from the last progress: a long queue before it may take any time while it
    // moves.
    if (written != 0) restartDeadline();
    bool isOver = false;
    const Outbox::Consumed done = outbox_.consume(written, batch.bytes(), [&](MessagePtr message) {
        isOver = onWritten(std::move(message)) || isOver;
    });
    counters.sent.add(done.messages, done.bytes);
    group().sent.add(done.messages, done.bytes);
    engine_.counters().sent.add(done.messages, done.bytes);
    if (isOver) end(machines::EndCause::ByeDone, Status::Success, {});
}

/// True: it was the last message of the stream.
bool IoChannel::onWritten(MessagePtr message) {
    const OpCode opCode = message->header.opCode;
    // Unless something was already delivered: a peer may answer before it has read the whole hello.
    if (opCode == OpCode::HelloRequest && machine_.awaitsFirstDelivery()) hello_ = std::move(message);
    return machine_.onWritten(opCode);
}

void IoChannel::onWriteError(machines::WriteError error, const error_code& ec) noexcept {
    using machines::WriteErrorAction;
    // A paused reader may wait for messages that this channel's own queue holds: the deadline limits the
    // wait.
    switch (machine_.onWriteError(error, life_.runs(LoopKind::Read) || gate_.isPaused())) {
        case WriteErrorAction::Nothing:
            return;
        case WriteErrorAction::AwaitEndOfInput:
            settleWriters(Status::ChannelClosed);  // there will never be room again
            return followDeadline();
        case WriteErrorAction::EndOfPeer:
            return end(machines::EndCause::PeerClosed, Status::PeerDisconnected, ec);
        case WriteErrorAction::EndOfFailure:
            break;
    }
    const bool isMemory = ec == asio::error::no_memory || ec == asio::error::no_buffer_space;
    end(machines::EndCause::Failure, isMemory ? Status::AllocationFailed : Status::SendFailed, ec);
}

asio::awaitable<void> IoChannel::writeLoop(IoChannelPtr self) {
    Loop loop(*self, LoopKind::Write);
    error_code ec;
    while (self->outbox_.isBlocked() && self->life_.isLive()) {
        try {
            co_await self->stream_->waitWritable(ec);
        } catch (const std::bad_alloc&) {
            ec = asio::error::no_memory;
        }
        const Engine::Turn turn(self->engine_);
        self->outbox_.unblock();
        if (!self->life_.isLive()) break;
        if (ec) {
            // This side would not learn when it can write again, which is not the peer's fault.
            const bool isCancelled = ec == asio::error::operation_aborted;
            self->onWriteError(isCancelled ? machines::WriteError::Cancelled : machines::WriteError::Local,
                               ec);
            break;
        }
        self->flush();
    }
    loop.finish();
}

void IoChannel::onQueueEmpty() noexcept {
    switch (machine_.onQueueEmpty()) {
        case machines::EmptyAction::Nothing:
            return;
        case machines::EmptyAction::End:
            return end(machines::EndCause::Shutdown, Status::ShutdownStarted, {});
        case machines::EmptyAction::CloseGently:
            stream_->shutdownSend();
            linger(engine_.options().lingerTimeout);
    }
}

void IoChannel::waitWritable(detail::Waiter& waiter) noexcept {
    if (const Status status = machine_.checkWait(); status != Status::Success) {
        waiter.abortReason = status;
        return waiter.resume(false);
    }
    if (writers_ == nullptr) writers_.reset(new (std::nothrow) RoomWaits(engine_.submitQueue()));
    if (writers_ == nullptr) {
        waiter.abortReason = Status::AllocationFailed;
        return waiter.resume(false);
    }
    writers_->begin(waiter, hasHalfItsRoom());
    armRoomDeadline();
}

/// There never will be room.
void IoChannel::settleWriters(Status reason) noexcept {
    if (writers_ != nullptr) writers_->close(reason);
}

void IoChannel::armRoomDeadline() noexcept {
    writers_->arm(&IoChannel::onRoomDeadline, this,
                  [this](Deadline& deadline, TimePoint when) { engine_.setDeadline(deadline, when); });
}

void IoChannel::onRoomDeadline(void* self) noexcept {
    auto& channel = *static_cast<IoChannel*>(self);
    channel.writers_->expire(channel.engine_.now());
    channel.armRoomDeadline();
}

}  // namespace tempeh::core

#pragma once

#include "core/channel/channel.hpp"
#include "core/channel/peer_watches.hpp"
#include "core/channel/receiver.hpp"
#include "core/channel/room_waits.hpp"
#include "core/channel/send_queue.hpp"
#include "core/engine/deadlines.hpp"
#include "core/engine/engine.hpp"
#include "machines/admission.hpp"
#include "machines/channel_machine.hpp"
#include "machines/read_gate.hpp"
#include "machines/stream_life.hpp"
#include "transport/transport.hpp"

#include <tempeh/core/detail/group_backend.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>

namespace tempeh::core {

class IoChannel;
using IoChannelPtr = boost::intrusive_ptr<IoChannel>;

/// A connection: runs the ChannelMachine over a Stream. A coroutine connects; an operation waits for input,
/// or a coroutine while much is expected; another coroutine waits to write while the kernel accepts no more
/// data. Idle connections are many, so what they do not need is made on demand. Reactor thread only. Sources:
/// io_channel.cpp (life cycle), io_channel_read.cpp, io_channel_pause.cpp, io_channel_write.cpp,
/// io_channel_watch.cpp.
class IoChannel final : public Channel,
                        private TurnWriter,
                        private InboundReader,
                        private PeerWatches::Owner,
                        private transport::PendingOperation,
                        public machines::Admission::Owner {
public:
    /// Client side: connects to `address` when its HelloRequest is accepted.
    IoChannel(Engine& engine, std::shared_ptr<Group> group, Address address);
    /// Server side: takes over an accepted connection.
    IoChannel(Engine& engine, std::shared_ptr<Group> group, std::unique_ptr<transport::Stream> stream);
    ~IoChannel() override;

    /// Server side: counts against the limits of its listener until its stream is gone.
    void enter(const std::shared_ptr<machines::Admission>& admission, std::string_view peer) {
        machines::Admission::enter(admission, guest_, peer, this);
    }
    /// The same for a connection accepted by a listener on another engine.
    void enterThrough(std::shared_ptr<machines::Admission::Relay> relay) noexcept {
        guest_.relayTo(std::move(relay));
    }
    /// Server side: gives the connection a number and starts reading. EngineLife::noteOpened() has counted
    /// it. On failure returns TooManyChannels, ShutdownStarted, InvalidChannelGroup or AllocationFailed, and
    /// the connection is closed when the last reference goes.
    Status open() noexcept;
    void makeRoomForNewer() noexcept override;

    void accept(MessagePtr message) override;
    void end(machines::EndCause cause, Status status, const EndDetail& detail) noexcept override;
    void detach() override;
    void drainForShutdown() override;
    void closeStream() noexcept override;
    void abandon() noexcept override;
    std::string describeBacklog() const override;
    void fill(ChannelInfo& info) const override;

    /// The common case of accept(). True: a regular message was queued, and `header` has its header as sent.
    /// False: nothing happened.
    bool acceptPlain(MessagePtr& message, BinaryHeader& header) noexcept;

    /// Writes the message on a thread that has borrowed the channel's sendRight, and gives the right back.
    /// True: the kernel did not accept all of it, wake the reactor. The channel may be destroyed after this
    /// call.
    bool writeDirectly(MessagePtr message) noexcept;
    void onListed() noexcept override;
    bool beginAccepting() noexcept override { return holdSendRight(); }
    bool isEnding() const noexcept override { return life_.isEnding(); }
    void completeEnd() noexcept override;

    /// Whether a message posted here may be accepted now: nothing waits before it and no thread is writing.
    bool mayAccept() noexcept { return accepting.empty() && holdSendRight(); }
    /// For a message that may not: it is accepted in its turn.
    void postpone(MessagePtr message) noexcept;

    /// Writes what the kernel accepts.
    void flush() noexcept override;
    void setReadMode(ReadMode mode) noexcept;
    /// For what it receives.
    Need need() const noexcept override { return gate_.isUrgent() ? Need::MustFit : Need::CanWait; }
    void answerBye() noexcept override;

    /// Registers a waitWritable(), or resumes it at once when there is room.
    void waitWritable(detail::Waiter& waiter) noexcept;
    /// Resumes the cancelled waiters.
    void cancelWriters() noexcept {
        if (writers_ != nullptr) writers_->cancel(cancelled);
    }

private:
    using LoopKind = machines::StreamLife::Loop;

    GroupInbound& inbound() const noexcept override;
    /// The pool has messages again, or reading is allowed again.
    bool resumeReading() noexcept override;
    void awaitPool();
    std::span<std::byte> readRoom() noexcept;

    /// Whether the reactor holds the right to send; takes it back if possible.
    bool holdSendRight() noexcept { return !isSendRightOut_ || reclaimSendRight(); }

    /// Lives in the frame of a coroutine that uses the stream; notices when it ends or is destroyed.
    class Loop {
    public:
        Loop(IoChannel& channel, LoopKind kind) noexcept : channel_(channel), kind_(kind) {}
        ~Loop() {
            channel_.life_.stopped(kind_);
            if (hasFinished_)
                channel_.releaseIfDone();
            else
                channel_.onLoopDropped();
        }
        Loop(const Loop&) = delete;
        Loop& operator=(const Loop&) = delete;
        void finish() noexcept { hasFinished_ = true; }

    private:
        IoChannel& channel_;
        const LoopKind kind_;
        bool hasFinished_ = false;
    };
    /// What receiver_ needs from this channel.
    struct Intake {
        IoChannel& channel;
        bool isLive() const noexcept { return channel.life_.isLive(); }
        bool isUnwanted() const noexcept { return channel.gate_.isUnwanted(); }
        MessagePtr take(bool mustFit) const;
        std::size_t batchLimit() const noexcept { return channel.batchLimit(); }
        ChannelNumber number() const noexcept { return channel.number(); }
        void onFrame(Message& message, machines::FrameAction action) const {
            channel.onFrame(message, action);
        }
        void deliver(MessageQueue& batch, std::size_t bytes, bool isLast) const noexcept {
            channel.deliver(batch, bytes, isLast);
        }
    };

    // Life cycle.
    void start();
    static asio::awaitable<void> connectLoop(IoChannelPtr self, Address address);
    void onConnected(std::unique_ptr<transport::Stream> stream, const error_code& ec,
                     Status failure) noexcept;
    void publishStream();
    void publishIdentity() noexcept;
    void logLost(std::size_t messages) const noexcept;
    void refreshDeadline() noexcept;
    void followDeadline() noexcept;
    void setDeadline(Duration limit) noexcept;
    void onDeadline() noexcept;
    void linger(Duration limit) noexcept;
    void onLoopDropped() noexcept;
    void releaseIfDone() noexcept;
    void finishEnd() noexcept;
    void tellOfEnd() noexcept;
    void countReturned(std::size_t messages) noexcept;
    void leaveTurns() noexcept;
    MessageQueue collectUnsent(const machines::Ending& ending, machines::EndCause cause,
                               const EndDetail& detail) noexcept;

    // Reading.
    static asio::awaitable<void> readLoop(IoChannelPtr self);
    void startReading();
    bool mustRead() const noexcept { return !life_.hasStoppedReading() && !gate_.isPaused(); }
    /// After some input: whether more of it is wanted at once.
    bool mayReadOn() const noexcept { return life_.isLive() && !gate_.isDeaf() && !isDiscarding(); }
    void awaitInput();
    void goOnReading() noexcept;
    void onDone(const error_code& ec, std::size_t size) override;
    void onDropped() noexcept override;
    void onReadable(std::size_t size, const error_code& ec) noexcept;
    std::size_t readOn(std::span<const std::byte> begun) noexcept;
    std::size_t readMuch() noexcept;
    std::size_t readShared() noexcept;
    std::size_t readBody(std::span<std::byte> body) noexcept;
    std::size_t readExpected(MessagePtr message, std::size_t expected);
    void onReadError(const error_code& ec) noexcept;
    bool hasInput(const error_code& ec) noexcept;
    void countRead() noexcept;
    bool isDiscarding() const noexcept { return life_.isLingering() || machine_.isDetached(); }
    void discard() noexcept;
    void onDiscardEnd(const error_code& ec) noexcept;
    void consume(std::span<const std::byte> input) noexcept;
    void onViolation(Status status) noexcept;
    std::size_t batchLimit() const noexcept;
    void onFrame(Message& message, machines::FrameAction action);
    void deliver(MessageQueue& batch, std::size_t bytes, bool isLast) noexcept;
    void pauseReading(std::span<const std::byte> rest);
    void keepBlocked(std::span<const std::byte> rest) noexcept;
    void keepRead(std::size_t size) noexcept;
    void stopPausing() noexcept;
    void restartDeadline() noexcept;
    void noteReading(bool on) noexcept {
        readingSince_.store(on ? engine_.now() : TimePoint::max(), std::memory_order_relaxed);
    }
    void onInputEnd(const error_code& ec) noexcept;

    // Watching for progress.
    void onFramePart() noexcept {
        if (!receiver_.decoder().midFrame()) [[likely]]
            return;
        if (watches_.mayTellOfParts() && life_.isLive())
            watches_.onPart(stream_->traits().delaysAcknowledgements);
        if (!receiver_.isFrameHeld() || !watches_.watchesFrame()) [[unlikely]]
            watchFrame();
    }
    void noteFrameDone() noexcept {
        if (receiver_.noteFrameLetGo()) [[unlikely]]
            inbound().noteFrameDone();
    }
    void watchFrame() noexcept;
    void stopWatching() noexcept;
    machines::FrameProgress::Facts frameFacts() const noexcept override;
    machines::WriteProgress::Facts writeFacts() const noexcept override;
    Duration lateness() const noexcept override { return engine_.timer().lateness(); }
    void setDeadline(Deadline& deadline, Duration timeout) noexcept override;
    void acknowledgeNow() noexcept override { stream_->acknowledgeNow(); }
    void onFrameTimeout() noexcept override;
    void onWriteTimeout() noexcept override;
    /// Whether input from the peer no longer counts.
    bool isOver() const noexcept {
        return !life_.isLive() || machine_.isDetached() || machine_.state() == machines::ChannelState::Closed;
    }

    // Writing.
    static asio::awaitable<void> writeLoop(IoChannelPtr self);
    void startWriting();
    void startConnecting();
    void flushOnce();
    bool reclaimSendRight() noexcept;
    void onSendRightBack() noexcept;
    void awaitSendRight() noexcept;
    void offerSendRight() noexcept;
    bool onWritten(MessagePtr message);
    void onWriteError(machines::WriteError error, const error_code& ec) noexcept;
    void onQueueEmpty() noexcept;
    void queue(MessagePtr& message) noexcept;
    void publishQueue() noexcept;
    static void onRoomDeadline(void* self) noexcept;
    void armRoomDeadline() noexcept;
    void settleWriters(Status reason) noexcept;
    bool hasHalfItsRoom() const noexcept { return isHalfEmpty(outbox_.messages(), outbox_.bytes()); }

    /// Whatever the pending operation needs until it is done.
    struct Input {
        EngineLife::Use engine;
        IoChannelPtr channel;  // goes first
    };

    Engine& engine_;
    machines::ChannelMachine machine_;
    machines::StreamLife life_;
    machines::ReadGate gate_;
    Receiver receiver_;
    SendQueue outbox_;
    std::unique_ptr<RoomWaits> writers_;  // null: nobody has waited yet
    PeerWatches watches_{*this};
    std::optional<Input> input_;        // set while an operation, not a coroutine, waits for input
    MessagePtr hello_;                  // sent and not answered: comes back when the connection fails
    MessagePtr notice_;                 // the ChannelClosed, made before it is needed
    MessageQueue back_;                 // once it has ended: what comes back
    std::unique_ptr<Address> address_;  // client: the destination; null once it connects
    std::unique_ptr<transport::Connector> connector_;
    std::unique_ptr<transport::Stream> stream_;
    std::optional<Deadline> deadline_;
    MessageId byeId_ = 0;  // of the peer's ByeRequest
    machines::Admission::Guest guest_;
    std::atomic<TimePoint> readingSince_{TimePoint::max()};  // max(): it is not reading

    Status returnStatus_ = Status::Returned;  // once it has ended: the status of what comes back
    machines::DeadlineKind deadlineKind_ = machines::DeadlineKind::None;  // what deadline_ stands for
    bool hasRemotePosts_ = false;                                         // other threads post to it
    bool isSendRightOut_ = false;                                         // offered to them, and perhaps lent
};

// The path of a plain message from post() to the outbox; inline, because each call saved is a fiftieth of it.

inline bool IoChannel::acceptPlain(MessagePtr& message, BinaryHeader& header) noexcept {
    if (!machine_.isPlain(message->header.opCode) || !hasRoom(*message, 0, 0) || !mayAccept()) return false;
    engine_.posting().prepare(*message, header);
    queue(message);
    return true;
}

inline void IoChannel::queue(MessagePtr& message) noexcept {
    outbox_.push(message);
    publishQueue();
    if (outbox_.isBlocked() || stream_ == nullptr) return;
    engine_.turns().flushAtEnd(*this);
    // Enough for one write: write now, while the data is in the cache; the next small message finds an empty
    // block.
    if (outbox_.fillsAWrite()) flush();
}

inline void IoChannel::publishQueue() noexcept {
    queuedMessages.store(outbox_.messages() + accepting.size(), std::memory_order_relaxed);
    queuedBytes.store(outbox_.bytes() + acceptingBytes, std::memory_order_relaxed);
}

}  // namespace tempeh::core

#pragma once

#include "core/channel.hpp"
#include "core/deadlines.hpp"
#include "core/engine.hpp"
#include "core/outbox.hpp"
#include "machines/channel_machine.hpp"
#include "transport/transport.hpp"
#include "wire/decoder.hpp"

#include <tempeh/core/detail/group_backend.hpp>

#include <boost/intrusive/list.hpp>

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tempeh::core {

class IoChannel;
using IoChannelPtr = boost::intrusive_ptr<IoChannel>;

/// A connection: runs the ChannelMachine over a Stream. One coroutine connects and then reads; while the
/// kernel takes no more, another waits to write. Everything is the reactor thread's. Sources: io_channel.cpp
/// (life), io_channel_read.cpp, io_channel_write.cpp.
class IoChannel final : public Channel {
public:
    /// Client side: connects to `address` when its HelloRequest is accepted.
    IoChannel(Engine& engine, std::shared_ptr<Group> group, Address address);
    /// Server side: of an accepted connection.
    IoChannel(Engine& engine, std::shared_ptr<Group> group, std::unique_ptr<transport::Stream> stream);
    ~IoChannel() override;

    /// Server side: begins to read.
    void start();

    void accept(MessagePtr message) override;
    void end(machines::EndCause cause, Status status, const std::string& detail) override;
    void detach() override;
    void drainForShutdown() override;
    void closeStream() noexcept override;
    void abandon() noexcept override;
    std::string describeBacklog() const override;
    void fill(ChannelInfo& info) const override;

    /// Writes what the kernel takes; the Engine calls it at the end of a turn.
    void flush() noexcept;
    /// The pool has messages again.
    void resumeReading() noexcept;
    /// The application dropped the peer's ByeRequest.
    void answerBye() noexcept;

    /// Registers a waitWritable, or resumes it at once when there is room.
    void waitWritable(detail::Waiter& waiter) noexcept;
    void cancelWritable(std::uint64_t ticket) noexcept;

private:
    using WaiterList = boost::intrusive::list<detail::Waiter, boost::intrusive::constant_time_size<false>>;

    /// What is left to do with the stream once the application is told (or needs no telling).
    enum class Phase : std::uint8_t { Live, Lingering, Gone };

    // Life.
    static asio::awaitable<void> connectLoop(IoChannelPtr self, Address address);
    void onConnected(std::unique_ptr<transport::Stream> stream, const error_code& ec, const Address& address);
    void publishStream();
    void refreshDeadline();
    void onDeadline() noexcept;
    void onWaiterDeadline() noexcept;
    void linger(Duration limit);
    void releaseIfDone() noexcept;
    MessageQueue collectUnsent(const machines::Ending& ending);

    // Reading.
    static asio::awaitable<void> readLoop(IoChannelPtr self);
    void startReading();
    void onReadable(std::size_t size, const error_code& ec) noexcept;
    void readMuch() noexcept;
    void countRead() noexcept;
    bool isDiscarding() const noexcept { return streamPhase_ == Phase::Lingering || isDetached_; }
    void discard() noexcept;
    void onDiscardEnd(const error_code& ec) noexcept;
    void consume(std::span<const std::byte> input) noexcept;
    void takeFrame(MessageQueue& batch);
    void deliver(MessageQueue& batch) noexcept;
    void pauseReading(std::span<const std::byte> rest);
    void onInputEnd(const error_code& ec);

    // Writing.
    static asio::awaitable<void> writeLoop(IoChannelPtr self);
    void flushOnce();
    void onWritten(MessagePtr message);
    void extendBye();
    void onWriteError(const error_code& ec);
    void onQueueEmpty();
    void publishQueue() noexcept;
    void resumeWriters() noexcept;
    bool isHalfEmpty() const noexcept;
    void settleWriters(Status reason) noexcept;

    machines::ChannelMachine machine_;
    wire::Decoder decoder_;
    Outbox outbox_;
    MessageQueue heldBack_;           // posted behind our last word: comes back at the end
    MessagePtr hello_;                // sent and not answered: comes back when the connection fails
    MessagePtr notice_;               // the ChannelClosed, made before it is needed
    std::optional<Address> address_;  // client: where it connects to
    std::unique_ptr<transport::Connector> connector_;
    std::unique_ptr<transport::Stream> stream_;
    std::optional<Deadline> deadline_;
    std::optional<Deadline> waiterDeadline_;
    WaiterList writers_;
    std::vector<std::byte> unread_;                  // read but not decoded while the pool is empty
    std::size_t unreadStart_ = 0;                    // what of it has been decoded
    std::optional<machines::FrameVerdict> verdict_;  // on the frame that waits for a message
    machines::FrameAction action_ = machines::FrameAction::Deliver;  // for the frame under way
    MessageId byeId_ = 0;                                            // of the peer's ByeRequest

    // What one small message and its like fill: read by Asio itself, which saves re-arming the descriptor.
    // Larger input goes through the engine's one large buffer, so that an idle connection holds no more than
    // this.
    std::array<std::byte, 512> small_;

    // Counted since the last deliver().
    std::uint64_t batchBytes_ = 0;

    machines::DeadlineKind deadlineKind_ = machines::DeadlineKind::None;
    Phase streamPhase_ = Phase::Live;
    bool isActive_ = false;
    bool expectsMuch_ = false;           // the last input did not fit into small_
    bool isReading_ = false;             // readLoop() runs
    bool isWriting_ = false;             // writeLoop() runs
    bool isWriteBlocked_ = false;        // the kernel takes no more
    std::atomic<bool> isPaused_{false};  // the pool is empty; read by others in fill()
    bool isResuming_ = false;            // unread_ is being decoded
    bool isDetached_ = false;            // the group is gone
    bool isDraining_ = false;            // the engine shuts down
    bool isAnnounced_ = false;           // the application knows the channel
    bool hasSaidLast_ = false;           // our ByeResponse is with the kernel
    bool hasWriteFailed_ = false;        // the peer takes no more; what it sent is still read
};

}  // namespace tempeh::core

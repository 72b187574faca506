#pragma once

#include "flows/peer_state.hpp"

#include <tempeh/message/message_queue.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace tempeh::flows::detail {

// Text headers of a stream. The first part says how far its writer goes ahead, if it listens to its reader;
// the reader tells by signals of the stream's id how many parts it has read, or that it wants no more; a last
// part says that the value is not whole.
inline constexpr std::string_view streamWindowHeader = "stream-window";
inline constexpr std::string_view streamReadHeader = "stream-read";
inline constexpr std::string_view streamStopHeader = "stream-stop";
inline constexpr std::string_view streamAbortedHeader = "stream-aborted";

class StreamState;
using StreamPtr = std::shared_ptr<StreamState>;

/// What its reader and its writer on this side share of the messages with one id: parts that came, and what
/// the other side says about those that went. Owned by them.
class StreamState final : public Exchange, public std::enable_shared_from_this<StreamState> {
public:
    /// Ours: the id is one of our requests (signals), so what comes are answers. Else it is the other side's.
    enum class Whose : std::uint8_t { Ours, Theirs };

    /// The one of that id if there is one, else a new one. Throws Error for the channel's end,
    /// InvalidMessageId when the id is a plain request's. `isOverAllowed`: parts of it may have come before
    /// the channel's end.
    static StreamPtr attach(const PeerPtr& peer, Whose whose, MessageId id, bool isOverAllowed = false);

    StreamState(PeerPtr peer, Whose whose) noexcept
        : peer_(std::move(peer)), whose_(whose), isReading_(whose == Whose::Ours) {}
    ~StreamState();

    PeerState& peer() const noexcept { return *peer_; }
    const PeerPtr& peerPtr() const noexcept { return peer_; }

    /// Takes the first part, and those of it that wait to be received. No lock held.
    void begin(MessagePtr first);
    /// The reader has gone: drops what still comes, and says so. No lock held.
    void stopReading() noexcept;
    /// Tells the writer at the other end how far the reader is, when that is worth it. No lock held.
    void tellRead() noexcept;

    void onMessage(MessagePtr& message, WokenList& woken) noexcept override;
    void onEnd(WokenList& woken) noexcept override;
    StreamState* asStream() noexcept override { return this; }

    // --- Under the hub's lock ---

    /// The next part, once `isPartReady()`; null: the last was taken, or the stream failed.
    MessagePtr takePart() noexcept;
    bool isPartReady() const noexcept { return !parts_.empty() || isLastTaken_ || failure_; }
    bool hasPart() const noexcept { return !parts_.empty(); }
    const error_code& failure() const noexcept { return failure_; }
    bool hasEnded() const noexcept { return hasEnded_; }

    Wait* reader = nullptr;
    Wait* writer = nullptr;
    std::uint64_t partsRead = 0;  ///< By the other side, of those that went.
    bool hasHeardReader = false;
    bool isStopped = false;  ///< It wants no more.

private:
    ExchangeTable& table() const noexcept { return whose_ == Whose::Ours ? peer_->answers : peer_->streams; }
    bool isPart(const Message& message) const noexcept;
    void addPart(MessagePtr& message) noexcept;
    bool onControl(const Message& signal, WokenList& woken) noexcept;
    void fail(const error_code& reason, WokenList& woken) noexcept;
    void tell(std::string_view header, std::uint64_t value) noexcept;

    const PeerPtr peer_;
    const Whose whose_;
    OpCode partCode_ = OpCode::Response;
    MessageQueue parts_;
    std::uint64_t taken_ = 0;
    std::uint64_t told_ = 0;
    std::uint64_t window_ = 0;  // the writer's at the other end; 0: does not listen
    bool hasTold_ = false;
    bool isReading_;
    bool isLastIn_ = false;
    bool isLastTaken_ = false;
    bool isDropping_ = false;
    bool hasEnded_ = false;
    error_code failure_;
};

/// The next part.
class PartWait final : public Wait {
public:
    /// `takes`: or only waits for it.
    PartWait(StreamState& stream, bool takes) noexcept : stream_(stream), takes_(takes) {}
    bool enter() noexcept override {
        stream_.reader = this;
        return stream_.isPartReady();
    }
    void settle() noexcept override;

    MessagePtr part;
    bool isReady = false;

private:
    StreamState& stream_;
    const bool takes_;
};

/// A word of the reader at the other end.
class ReaderWait final : public Wait {
public:
    ReaderWait(StreamState& stream, std::uint64_t partsWanted) noexcept
        : stream_(stream), partsWanted_(partsWanted) {}
    bool enter() noexcept override {
        stream_.writer = this;
        return stream_.isStopped || stream_.hasEnded() ||
               (stream_.hasHeardReader && stream_.partsRead >= partsWanted_);
    }
    void settle() noexcept override { stream_.writer = nullptr; }

private:
    StreamState& stream_;
    std::uint64_t partsWanted_;
};

/// The next part, null after the last.
asio::awaitable<MessagePtr> nextPart(StreamPtr stream);
/// Waits for the next part without taking it. False: the deadline came first.
asio::awaitable<bool> awaitPart(StreamPtr stream, TimePoint deadline);

}  // namespace tempeh::flows::detail

#pragma once

#include "flows/peer/peer_state.hpp"
#include "flows/stream/stream_window.hpp"

#include <tempeh/message/message_queue.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace tempeh::flows::detail {

class StreamState;
using StreamPtr = std::shared_ptr<StreamState>;

/// What its reader and its writer on this side, one of each at most, share of the messages with one id: parts
/// that came, and what the other side says about those that went. Owned by them.
class StreamState final : public Exchange, public std::enable_shared_from_this<StreamState> {
public:
    /// Ours: the id is one of our requests (signals), so what comes are answers. Else it is the other side's.
    enum class Whose : std::uint8_t { Ours, Theirs };

    /// Who attaches; there is one of each.
    enum class Role : std::uint8_t { Reader, Writer };

    /// A new one; of the other side's, the one that has its writer (reader) and no reader (writer) yet, if
    /// there is that. Throws Error for the channel's end, and InvalidMessageId when the id is a plain
    /// request's or of a stream that is under way. A reader of the other side's may come after the channel's
    /// end: for the parts that came before.
    static StreamPtr attach(const PeerPtr& peer, Whose whose, Role role, MessageId id);

    StreamState(PeerPtr peer, Whose whose) noexcept
        : peer_(std::move(peer)), whose_(whose), isReading_(whose == Whose::Ours) {}
    ~StreamState();

    PeerState& peer() const noexcept { return *peer_; }
    const PeerPtr& peerPtr() const noexcept { return peer_; }

    /// Takes the first part, and those of it that wait to be received. No lock held.
    void begin(MessagePtr first);
    /// The answer to our own request gets its reader. Throws Error(NotAllowed): it has one. No lock held.
    void beginAnswer();
    /// The reader has gone: drops what still comes, and says so. No lock held.
    void stopReading() noexcept;
    /// The writer has gone, and another may come. No lock held.
    void stopWriting() noexcept;
    /// Tells the writer at the other end how far the reader is, when that is worth it. No lock held.
    void tellRead() noexcept;

    void onMessage(MessagePtr& message, WokenList& woken) noexcept override
        TEMPEH_REQUIRES(peer_->hub().mutex());
    void onEnd(WokenList& woken) noexcept override TEMPEH_REQUIRES(peer_->hub().mutex());
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
    error_code enlist(Role role, MessageId id);
    /// False: it has one.
    bool take(Role role) noexcept;
    /// Leaves the id to the next stream, if nothing of this one is to come or to go.
    bool makeWay() noexcept;
    bool isPart(const Message& message) const noexcept;
    void addPart(MessagePtr& message) noexcept;
    MessageQueue dropParts() noexcept;
    bool onControl(const Message& signal, WokenList& woken) noexcept TEMPEH_REQUIRES(peer_->hub().mutex());
    void fail(const error_code& reason, WokenList& woken) noexcept TEMPEH_REQUIRES(peer_->hub().mutex());

    const PeerPtr peer_;
    const Whose whose_;
    OpCode partCode_ = OpCode::Response;
    MessageQueue parts_;
    StreamWindow window_;  // of the writer at the other end
    bool hasReader_ = false;
    bool hasWriter_ = false;
    bool isBegun_ = false;  // a part has come
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
    PartWait(StreamState& stream, bool takes) noexcept
        : stream_(stream), need_(stream.peer().reading), takes_(takes) {}
    bool enter() noexcept override;
    void settle() noexcept override;

    MessagePtr part;
    bool isReady = false;

private:
    StreamState& stream_;
    ReadControl::Need need_;
    const bool takes_;
    bool isRegistered_ = false;
};

/// A word of the reader at the other end.
class ReaderWait final : public Wait {
public:
    ReaderWait(StreamState& stream, std::uint64_t partsWanted) noexcept
        : stream_(stream), need_(stream.peer().reading), partsWanted_(partsWanted) {}
    bool enter() noexcept override;
    void settle() noexcept override;

private:
    StreamState& stream_;
    ReadControl::Need need_;
    std::uint64_t partsWanted_;
    bool isRegistered_ = false;
};

/// The next part, null after the last.
asio::awaitable<MessagePtr> nextPart(StreamPtr stream);
/// Waits for the next part without taking it. False: the deadline came first.
asio::awaitable<bool> awaitPart(StreamPtr stream, TimePoint deadline);

}  // namespace tempeh::flows::detail

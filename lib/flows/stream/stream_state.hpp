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

/// What the reader and the writer of one id on this side share, at most one of each: the parts that came, and
/// what the peer says about those that were sent. Reader and writer own it.
class StreamState final : public Exchange, public std::enable_shared_from_this<StreamState> {
public:
    /// Ours: the id is that of one of our requests (signals), so answers come in. Theirs: it is the peer's.
    enum class Whose : std::uint8_t { Ours, Theirs };

    /// What attaches; there is one of each.
    enum class Role : std::uint8_t { Reader, Writer };

    /// A new stream; or that of the peer which has its writer (reader) but no reader (writer) yet. Throws
    /// Error for the channel's end, and InvalidMessageId when the id belongs to a plain request or to a
    /// stream under way. A reader of the peer's stream may attach after the channel's end, for the parts that
    /// came before.
    static StreamPtr attach(const PeerPtr& peer, Whose whose, Role role, MessageId id);

    StreamState(PeerPtr peer, Whose whose) noexcept
        : peer_(std::move(peer)), whose_(whose), isReading_(whose == Whose::Ours) {}
    ~StreamState() { leave(); }

    PeerState& peer() const noexcept { return *peer_; }
    const PeerPtr& peerPtr() const noexcept { return peer_; }

    /// Takes the first part, and those of its parts that wait to be received.
    void begin(MessagePtr first) TEMPEH_EXCLUDES(hubLocked);
    /// Gives the answer to our own request its reader. Throws Error(NotAllowed) if it has one.
    void beginAnswer() TEMPEH_EXCLUDES(hubLocked);
    /// The reader is gone: drops what still comes, and tells the writer.
    void stopReading() noexcept TEMPEH_EXCLUDES(hubLocked);
    /// The writer is gone, and another may come.
    void stopWriting() noexcept TEMPEH_EXCLUDES(hubLocked);
    /// Tells the writer at the other end how far the reader is, when that is due.
    void tellRead() noexcept TEMPEH_EXCLUDES(hubLocked);

    void onMessage(MessagePtr& message, WokenList& woken) noexcept override TEMPEH_REQUIRES(hubLocked);
    void onEnd(WokenList& woken) noexcept override TEMPEH_REQUIRES(hubLocked);
    StreamState* asStream() noexcept override { return this; }

    /// The next part, once `isPartReady()`. Null: the last was taken, or the stream failed.
    MessagePtr takePart() noexcept TEMPEH_REQUIRES(hubLocked);
    bool isPartReady() const noexcept TEMPEH_REQUIRES(hubLocked) {
        return !parts_.empty() || isLastTaken_ || failure_;
    }
    bool hasPart() const noexcept TEMPEH_REQUIRES(hubLocked) { return !parts_.empty(); }
    const error_code& failure() const noexcept TEMPEH_REQUIRES(hubLocked) { return failure_; }
    bool hasEnded() const noexcept TEMPEH_REQUIRES(hubLocked) { return hasEnded_; }

    Wait* reader TEMPEH_GUARDED_BY(hubLocked) = nullptr;
    Wait* writer TEMPEH_GUARDED_BY(hubLocked) = nullptr;
    /// Parts that were sent and that the peer has read.
    std::uint64_t partsRead TEMPEH_GUARDED_BY(hubLocked) = 0;
    bool hasHeardReader TEMPEH_GUARDED_BY(hubLocked) = false;
    bool isStopped TEMPEH_GUARDED_BY(hubLocked) = false;  ///< The peer wants no more.

private:
    ExchangeTable& table() const noexcept TEMPEH_REQUIRES(hubLocked) {
        return whose_ == Whose::Ours ? peer_->answers : peer_->streams;
    }
    error_code enlist(Role role, MessageId id) TEMPEH_REQUIRES(hubLocked);
    /// False: it has one.
    bool take(Role role) noexcept TEMPEH_REQUIRES(hubLocked);
    /// Leaves the id to the next stream, if nothing of this one is still to come or to go.
    bool makeWay() noexcept TEMPEH_REQUIRES(hubLocked);
    /// Its owners are gone.
    void leave() noexcept TEMPEH_EXCLUDES(hubLocked);
    bool isPart(const Message& message) const noexcept TEMPEH_REQUIRES(hubLocked);
    void addPart(MessagePtr& message) noexcept TEMPEH_REQUIRES(hubLocked);
    MessageQueue dropParts() noexcept TEMPEH_REQUIRES(hubLocked);
    bool onControl(const Message& signal, WokenList& woken) noexcept TEMPEH_REQUIRES(hubLocked);
    void fail(const error_code& reason, WokenList& woken) noexcept TEMPEH_REQUIRES(hubLocked);

    const PeerPtr peer_;
    const Whose whose_;
    OpCode partCode_ TEMPEH_GUARDED_BY(hubLocked) = OpCode::Response;
    MessageQueue parts_ TEMPEH_GUARDED_BY(hubLocked);
    StreamWindow window_ TEMPEH_GUARDED_BY(hubLocked);  // of the writer at the other end
    bool hasReader_ TEMPEH_GUARDED_BY(hubLocked) = false;
    bool hasWriter_ TEMPEH_GUARDED_BY(hubLocked) = false;
    bool isBegun_ TEMPEH_GUARDED_BY(hubLocked) = false;  // a part has come
    bool isReading_ TEMPEH_GUARDED_BY(hubLocked);
    bool isLastIn_ TEMPEH_GUARDED_BY(hubLocked) = false;
    bool isLastTaken_ TEMPEH_GUARDED_BY(hubLocked) = false;
    bool isDropping_ TEMPEH_GUARDED_BY(hubLocked) = false;
    bool hasEnded_ TEMPEH_GUARDED_BY(hubLocked) = false;
    error_code failure_ TEMPEH_GUARDED_BY(hubLocked);
};

/// Waits for the next part.
class PartWait final : public Wait {
public:
    /// `takes`: takes the part, otherwise only waits for it.
    PartWait(StreamState& stream, bool takes) noexcept
        : stream_(stream), need_(stream.peer().reading), takes_(takes) {}
    bool enter() noexcept override TEMPEH_REQUIRES(hubLocked);
    void settle() noexcept override TEMPEH_REQUIRES(hubLocked);

    MessagePtr part;
    bool isReady = false;

private:
    StreamState& stream_;
    ReadControl::Need need_;
    const bool takes_;
    bool isRegistered_ = false;
};

/// Waits for a signal from the reader at the other end.
class ReaderWait final : public Wait {
public:
    ReaderWait(StreamState& stream, std::uint64_t partsWanted) noexcept
        : stream_(stream), need_(stream.peer().reading), partsWanted_(partsWanted) {}
    bool enter() noexcept override TEMPEH_REQUIRES(hubLocked);
    void settle() noexcept override TEMPEH_REQUIRES(hubLocked);

private:
    StreamState& stream_;
    ReadControl::Need need_;
    std::uint64_t partsWanted_;
    bool isRegistered_ = false;
};

/// The next part, null after the last.
asio::awaitable<MessagePtr> nextPart(StreamPtr stream);
/// Waits for the next part without taking it. False: the deadline passed first.
asio::awaitable<bool> awaitPart(StreamPtr stream, TimePoint deadline);

}  // namespace tempeh::flows::detail

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
    ~StreamState() { leave(); }

    PeerState& peer() const noexcept { return *peer_; }
    const PeerPtr& peerPtr() const noexcept { return peer_; }

    /// Takes the first part, and those of it that wait to be received.
    void begin(MessagePtr first) TEMPEH_EXCLUDES(hubLocked);
    /// The answer to our own request gets its reader. Throws Error(NotAllowed): it has one.
    void beginAnswer() TEMPEH_EXCLUDES(hubLocked);
    /// The reader has gone: drops what still comes, and says so.
    void stopReading() noexcept TEMPEH_EXCLUDES(hubLocked);
    /// The writer has gone, and another may come.
    void stopWriting() noexcept TEMPEH_EXCLUDES(hubLocked);
    /// Tells the writer at the other end how far the reader is, when that is worth it.
    void tellRead() noexcept TEMPEH_EXCLUDES(hubLocked);

    void onMessage(MessagePtr& message, WokenList& woken) noexcept override TEMPEH_REQUIRES(hubLocked);
    void onEnd(WokenList& woken) noexcept override TEMPEH_REQUIRES(hubLocked);
    StreamState* asStream() noexcept override { return this; }

    /// The next part, once `isPartReady()`; null: the last was taken, or the stream failed.
    MessagePtr takePart() noexcept TEMPEH_REQUIRES(hubLocked);
    bool isPartReady() const noexcept TEMPEH_REQUIRES(hubLocked) {
        return !parts_.empty() || isLastTaken_ || failure_;
    }
    bool hasPart() const noexcept TEMPEH_REQUIRES(hubLocked) { return !parts_.empty(); }
    const error_code& failure() const noexcept TEMPEH_REQUIRES(hubLocked) { return failure_; }
    bool hasEnded() const noexcept TEMPEH_REQUIRES(hubLocked) { return hasEnded_; }

    Wait* reader TEMPEH_GUARDED_BY(hubLocked) = nullptr;
    Wait* writer TEMPEH_GUARDED_BY(hubLocked) = nullptr;
    /// By the other side, of those that went.
    std::uint64_t partsRead TEMPEH_GUARDED_BY(hubLocked) = 0;
    bool hasHeardReader TEMPEH_GUARDED_BY(hubLocked) = false;
    bool isStopped TEMPEH_GUARDED_BY(hubLocked) = false;  ///< It wants no more.

private:
    ExchangeTable& table() const noexcept TEMPEH_REQUIRES(hubLocked) {
        return whose_ == Whose::Ours ? peer_->answers : peer_->streams;
    }
    error_code enlist(Role role, MessageId id) TEMPEH_REQUIRES(hubLocked);
    /// False: it has one.
    bool take(Role role) noexcept TEMPEH_REQUIRES(hubLocked);
    /// Leaves the id to the next stream, if nothing of this one is to come or to go.
    bool makeWay() noexcept TEMPEH_REQUIRES(hubLocked);
    /// Its owners have gone.
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

/// The next part.
class PartWait final : public Wait {
public:
    /// `takes`: or only waits for it.
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

/// A word of the reader at the other end.
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
/// Waits for the next part without taking it. False: the deadline came first.
asio::awaitable<bool> awaitPart(StreamPtr stream, TimePoint deadline);

}  // namespace tempeh::flows::detail

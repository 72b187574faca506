#include "flows/stream/stream_state.hpp"

#include "flows/hub/suspension.hpp"
#include "flows/stream/stream_signals.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace tempeh::flows::detail {

StreamPtr StreamState::attach(const PeerPtr& peer, Whose whose, Role role, MessageId id) {
    auto stream = std::make_shared<StreamState>(peer, whose);
    StreamPtr shared;  // not released under the lock
    error_code problem;
    {
        const HubLock lock(peer->hub());
        Exchange* const known = stream->table().find(id);
        StreamState* const old = known != nullptr ? known->asStream() : nullptr;
        if (old != nullptr) shared = old->weak_from_this().lock();
        if (shared != nullptr && whose == Whose::Theirs && shared->take(role)) return shared;
        // Without a share it is about to be destroyed, and waits for the lock.
        if (old != nullptr && shared == nullptr) stream->table().erase(*old);
        if (shared != nullptr && !shared->makeWay())
            problem = Status::InvalidMessageId;
        else
            problem = stream->enlist(role, id);
    }
    if (problem == Status::InvalidMessageId)
        throw Error(problem, "message " + std::to_string(id) + " is under way already");
    if (problem) throw peer->errorFor(problem);
    return stream;
}

error_code StreamState::enlist(Role role, MessageId id) {
    const bool isOverAllowed = whose_ == Whose::Theirs && role == Role::Reader;
    if (peer_->hasEnded() && !isOverAllowed) return peer_->endCode();
    if (!table().insert(id, *this)) return Status::InvalidMessageId;
    take(role);
    return {};
}

bool StreamState::take(Role role) noexcept {
    bool& isTaken = role == Role::Reader ? hasReader_ : hasWriter_;
    return !std::exchange(isTaken, true);
}

bool StreamState::makeWay() noexcept {
    if (whose_ == Whose::Ours || hasWriter_ || !isLastIn_) return false;
    table().erase(*this);
    return true;
}

void StreamState::leave() noexcept {
    MessageQueue dropped;  // destroyed without the lock
    const HubLock lock(peer_->hub());
    dropped = dropParts();
    table().erase(*this);
    const bool restComes = isDropping_ && !isLastIn_ && !hasEnded_ && whose_ == Whose::Theirs;
    if (!restComes) return;
    try {
        peer_->unwanted.insert(id());
    } catch (const std::bad_alloc&) {
        return;  // the rest waits for receive(), as it would without a reader
    }
}

void StreamState::begin(MessagePtr first) {
    {
        const HubLock lock(peer_->hub());
        isReading_ = true;
        isDropping_ = false;
        partCode_ = first->header.opCode;
        const std::optional<StreamWindow> window = peer_->unclaimed.claim(*first);
        addPart(first);
        if (window) {
            window_ = *window;
            window_.onReturned();  // the first part, which the reader has yet to take
        }
        bool hasLast = isLastIn_;
        const ChannelNumber channel = peer_->channel();  // a link's inbox has others' messages, too
        MessageQueue waiting = peer_->sink().takeIf([&](const Message& message) TEMPEH_REQUIRES(hubLocked) {
            if (hasLast || message.header.channelNumber != channel || !isPart(message)) return false;
            hasLast = !message.hasMore();
            return true;
        });
        while (MessagePtr part = waiting.popFront())
            addPart(part);
        hasEnded_ = hasEnded_ || peer_->hasEnded();
        if (hasEnded_ && !isLastIn_ && !failure_) failure_ = peer_->endCode();
    }
    tellRead();
}

void StreamState::beginAnswer() {
    {
        const HubLock lock(peer_->hub());
        if (!take(Role::Reader)) throw Error(make_error_code(Status::NotAllowed), "the answer has a reader");
    }
    tellRead();
}

void StreamState::stopReading() noexcept {
    bool tells = false;
    MessageQueue dropped;
    {
        const HubLock lock(peer_->hub());
        dropped = dropParts();
        tells = isReading_ && !isLastIn_ && !hasEnded_ && window_.isOpen();
        isReading_ = false;
        isDropping_ = true;
    }
    if (tells) tellWriter(peer_, id(), streamStopHeader, 1);
}

void StreamState::stopWriting() noexcept {
    const HubLock lock(peer_->hub());
    hasWriter_ = false;
    hasHeardReader = false;
    isStopped = false;
    partsRead = 0;
}

void StreamState::tellRead() noexcept {
    std::optional<std::uint64_t> read;
    {
        const HubLock lock(peer_->hub());
        if (!isLastIn_) read = window_.takeDue();
    }
    if (read) tellWriter(peer_, id(), streamReadHeader, *read);
}

bool StreamState::isPart(const Message& message) const noexcept {
    return message.header.opCode == partCode_ && message.header.messageId == id();
}

void StreamState::addPart(MessagePtr& message) noexcept {
    if (!std::exchange(isBegun_, true)) window_.open(*message);
    isLastIn_ = !message->hasMore();
    peer_->reading.add(*message);
    parts_.pushBack(std::move(message));
}

MessageQueue StreamState::dropParts() noexcept {
    for (const Message& part : parts_)
        peer_->reading.remove(part);
    return std::move(parts_);
}

void StreamState::onMessage(MessagePtr& message, WokenList& woken) noexcept {
    if (message->isFromEngine()) return fail(message->status(), woken);
    const bool isSignal = message->header.opCode == OpCode::Signal;
    if (isSignal && onControl(*message, woken)) {
        message.reset();
    } else if (isPart(*message) && isReading_ && !isLastIn_) {
        const bool isTakenAtOnce = reader != nullptr && parts_.empty();
        if (!isTakenAtOnce && !peer_->mayKeep(message)) return;
        const bool isFirst = !isBegun_;
        addPart(message);
        // The writer must keep its window from the beginning, whenever the reader calls next().
        if (isFirst && hasReader_ && !isLastIn_) tellFirst(*peer_, id(), window_);
        if (reader != nullptr) peer_->hub().wake(*reader, woken);
    } else if (isPart(*message) && isDropping_) {
        isLastIn_ = !message->hasMore();
        message.reset();
    }
}

bool StreamState::onControl(const Message& signal, WokenList& woken) noexcept {
    if (signal.textHeaders.find(streamStopHeader))
        isStopped = true;
    else if (signal.textHeaders.find(streamReadHeader))
        partsRead = std::max(partsRead, numberIn(signal, streamReadHeader));
    else
        return false;
    hasHeardReader = true;
    if (writer != nullptr) peer_->hub().wake(*writer, woken);
    return true;
}

void StreamState::onEnd(WokenList& woken) noexcept {
    hasEnded_ = true;
    fail(peer_->endCode(), woken);
}

void StreamState::fail(const error_code& reason, WokenList& woken) noexcept {
    if (!failure_ && !isLastIn_) failure_ = reason;
    if (reader != nullptr) peer_->hub().wake(*reader, woken);
    if (writer != nullptr) peer_->hub().wake(*writer, woken);
}

MessagePtr StreamState::takePart() noexcept {
    MessagePtr part = parts_.popFront();
    if (part == nullptr) return nullptr;
    peer_->reading.remove(*part);
    window_.onTaken();
    isLastTaken_ = !part->hasMore();
    if (!isLastTaken_ || !part->textHeaders.find(streamAbortedHeader)) return part;
    failure_ = Status::ProcessingFailed;
    return nullptr;
}

bool PartWait::enter() noexcept {
    if (stream_.reader != nullptr) {
        ec = Status::NotAllowed;
        return true;
    }
    stream_.reader = this;
    isRegistered_ = true;
    if (stream_.isPartReady()) return true;
    need_.begin();
    return false;
}

void PartWait::settle() noexcept {
    need_.end();
    if (!std::exchange(isRegistered_, false)) return;
    stream_.reader = nullptr;
    isReady = stream_.isPartReady();
    if (ec || !isReady) return;
    if (takes_) part = stream_.takePart();
    const bool isThere = takes_ ? part != nullptr : stream_.hasPart();
    if (!isThere) ec = stream_.failure();
}

bool ReaderWait::enter() noexcept {
    if (stream_.writer != nullptr) {
        ec = Status::NotAllowed;
        return true;
    }
    stream_.writer = this;
    isRegistered_ = true;
    const bool isNear = stream_.hasHeardReader && stream_.partsRead >= partsWanted_;
    if (isNear || stream_.isStopped || stream_.hasEnded()) return true;
    need_.begin();
    return false;
}

void ReaderWait::settle() noexcept {
    need_.end();
    if (std::exchange(isRegistered_, false)) stream_.writer = nullptr;
}

namespace {

void throwIf(const error_code& ec, PeerState& peer) {
    if (ec == Status::ProcessingFailed) throw Error(ec, "the stream is not whole: its writer gave up");
    if (ec) throw peer.errorFor(ec);
}

}  // namespace

asio::awaitable<MessagePtr> nextPart(StreamPtr stream) {
    PartWait wait(*stream, true);
    Hub& hub = stream->peer().hub();
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    bool isReady = false;
    if (stream->peer().handlerSlot.mayTakeAtOnce(cancellation.slot())) {
        const HubLock lock(hub);
        isReady = wait.enter();
        wait.settle();
    }
    if (!isReady) {
        Suspension suspension(hub, wait, co_await asio::this_coro::executor);
        auto come = suspension.until(TimePoint::max());
        co_await std::move(come);
    }
    throwIf(wait.ec, stream->peer());
    stream->tellRead();
    co_return std::move(wait.part);
}

asio::awaitable<bool> awaitPart(StreamPtr stream, TimePoint deadline) {
    PartWait wait(*stream, false);
    Suspension suspension(stream->peer().hub(), wait, co_await asio::this_coro::executor);
    auto come = suspension.until(deadline);
    co_await std::move(come);
    throwIf(wait.ec, stream->peer());
    co_return wait.isReady;
}

}  // namespace tempeh::flows::detail

#include "flows/stream_state.hpp"

#include "flows/peer_operations.hpp"
#include "flows/suspension.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace tempeh::flows::detail {

namespace {

std::uint64_t numberIn(const Message& message, std::string_view header) noexcept {
    const std::string_view text = message.textHeaders.find(header).value_or("");
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace

StreamPtr StreamState::attach(const PeerPtr& peer, Whose whose, MessageId id, bool isOverAllowed) {
    auto fresh = std::make_shared<StreamState>(peer, whose);
    error_code problem;
    {
        const std::scoped_lock lock(peer->hub().mutex());
        Exchange* const known = fresh->table().find(id);
        StreamState* const stream = known != nullptr ? known->asStream() : nullptr;
        if (stream != nullptr)
            if (StreamPtr shared = stream->weak_from_this().lock()) return shared;
        if (peer->hasEnded() && !isOverAllowed)
            problem = peer->endCode();
        else if (!fresh->table().insert(id, *fresh))
            problem = Status::InvalidMessageId;
    }
    if (problem) throw peer->errorFor(problem);
    return fresh;
}

StreamState::~StreamState() {
    const std::scoped_lock lock(peer_->hub().mutex());
    table().erase(*this);
    const bool restComes = isDropping_ && !isLastIn_ && !hasEnded_ && whose_ == Whose::Theirs;
    if (!restComes) return;
    try {
        peer_->unwanted.insert(id());
    } catch (const std::bad_alloc&) {
        return;  // what still comes waits for receive(), as it would without a reader
    }
}

void StreamState::begin(MessagePtr first) {
    {
        const std::scoped_lock lock(peer_->hub().mutex());
        isReading_ = true;
        isDropping_ = false;
        partCode_ = first->header.opCode;
        addPart(first);
        MessageQueue others;
        while (MessagePtr message = peer_->inbox.messages.popFront()) {
            if (isPart(*message) && !isLastIn_)
                addPart(message);
            else
                others.pushBack(std::move(message));
        }
        peer_->inbox.messages = std::move(others);
        hasEnded_ = hasEnded_ || peer_->hasEnded();
        if (hasEnded_ && !isLastIn_ && !failure_) failure_ = peer_->endCode();
    }
    tellRead();
}

void StreamState::stopReading() noexcept {
    bool tells = false;
    MessageQueue dropped;
    {
        const std::scoped_lock lock(peer_->hub().mutex());
        dropped = std::move(parts_);
        tells = isReading_ && !isLastIn_ && !hasEnded_ && window_ != 0;
        isReading_ = false;
        isDropping_ = true;
    }
    if (tells) tell(streamStopHeader, 1);
}

void StreamState::tellRead() noexcept {
    std::uint64_t read = 0;
    {
        const std::scoped_lock lock(peer_->hub().mutex());
        if (window_ == 0 || isLastIn_) return;
        const bool isDue = !hasTold_ || taken_ - told_ >= (window_ + 1) / 2;
        if (!isDue) return;
        hasTold_ = true;
        told_ = read = taken_;
    }
    tell(streamReadHeader, read);
}

void StreamState::tell(std::string_view header, std::uint64_t value) noexcept {
    try {
        MessagePtr signal = peer_->hub().engine().get();
        signal->header.opCode = OpCode::Signal;
        signal->header.messageId = id();
        signal->textHeaders.append(header, std::to_string(value));
        sendSoon(peer_, std::move(signal));
    } catch (const std::bad_alloc&) {
        return;
    }
}

bool StreamState::isPart(const Message& message) const noexcept {
    return message.header.opCode == partCode_ && message.header.messageId == id();
}

void StreamState::addPart(MessagePtr& message) noexcept {
    if (taken_ == 0 && parts_.empty()) window_ = numberIn(*message, streamWindowHeader);
    isLastIn_ = !message->hasMore();
    parts_.pushBack(std::move(message));
}

void StreamState::onMessage(MessagePtr& message, WokenList& woken) noexcept {
    if (message->isFromEngine()) return fail(message->status(), woken);
    const bool isSignal = message->header.opCode == OpCode::Signal;
    if (isSignal && onControl(*message, woken)) {
        message.reset();
    } else if (isPart(*message) && isReading_ && !isLastIn_) {
        addPart(message);
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
    ++taken_;
    isLastTaken_ = !part->hasMore();
    if (!isLastTaken_ || !part->textHeaders.find(streamAbortedHeader)) return part;
    failure_ = Status::ProcessingFailed;
    return nullptr;
}

void PartWait::settle() noexcept {
    stream_.reader = nullptr;
    isReady = stream_.isPartReady();
    if (ec || !isReady) return;
    if (takes_) part = stream_.takePart();
    const bool isThere = takes_ ? part != nullptr : stream_.hasPart();
    if (!isThere) ec = stream_.failure();
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
    if (!cancellation.slot().is_connected()) {
        const std::scoped_lock lock(hub.mutex());
        isReady = stream->isPartReady();
        if (isReady) wait.settle();
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

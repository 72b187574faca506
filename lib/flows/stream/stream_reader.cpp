#include "flows/peer/error_detail.hpp"
#include "flows/peer/peer_access.hpp"
#include "flows/peer/peer_operations.hpp"
#include "flows/peer/time_left.hpp"
#include "flows/stream/stream_reader_access.hpp"
#include "flows/stream/stream_state.hpp"

#include <tempeh/flows/stream_reader.hpp>

#include <optional>

namespace tempeh::flows {

namespace {

using detail::StreamPtr;
using detail::StreamState;
using Role = StreamState::Role;
using Whose = StreamState::Whose;

StreamPtr beginReading(const Peer& peer, MessagePtr first) {
    if (first == nullptr) throw Error(Status::NullMessage);
    StreamPtr stream = StreamState::attach(detail::PeerAccess::state(peer), Whose::Theirs, Role::Reader,
                                           first->header.messageId);
    stream->begin(std::move(first));
    return stream;
}

asio::awaitable<std::uint64_t> readInto(StreamPtr stream, StreamSink sink) {
    std::uint64_t size = 0;
    for (;;) {
        const MessagePtr part = co_await detail::nextPart(stream);
        if (part == nullptr) co_return size;
        sink(part->body.bytes());
        size += part->body.size();
    }
}

asio::awaitable<std::string> readWhole(StreamPtr stream, std::size_t limit) {
    std::string whole;
    for (;;) {
        const MessagePtr part = co_await detail::nextPart(stream);
        if (part == nullptr) co_return whole;
        if (part->body.size() > limit - whole.size()) {
            stream->stopReading();
            throw Error(
                make_error_code(Status::InvalidBodyLen),
                "the stream has more than the " + std::to_string(limit) + " bytes given to readAll()");
        }
        whole += part->body.view();
    }
}

asio::awaitable<StreamReader> askForStream(Peer peer, MessagePtr request, Duration timeout) {
    detail::requireRequest(request);
    const detail::PeerPtr& state = detail::PeerAccess::state(peer);
    const TimePoint deadline = state->hub().time().after(detail::PeerAccess::limited(peer, timeout));
    BinaryHeader& header = request->header;
    if (header.messageId == 0) header.messageId = state->nextRequestId();
    detail::PeerAccess::mark(peer, *request);
    std::optional<detail::Withdrawal> withdrawal;
    if (detail::PeerAccess::isTimed(peer))
        withdrawal.emplace(state, detail::beginTimed(*state, request, state->hub().time().until(deadline)));
    const StreamPtr stream = StreamState::attach(state, Whose::Ours, Role::Reader, header.messageId);
    StreamReader reader = detail::StreamReaderAccess::make(stream);
    const bool isSent = co_await detail::postInTime(*state, request, deadline);
    if (!isSent) co_return StreamReader();
    const bool hasBegun = co_await detail::awaitPart(stream, deadline);
    if (!hasBegun) co_return StreamReader();
    if (withdrawal) withdrawal->setAnswered();
    co_return reader;
}

}  // namespace

StreamReader::StreamReader() noexcept = default;
StreamReader::StreamReader(Peer peer, MessagePtr first) : state_(beginReading(peer, std::move(first))) {}
StreamReader::StreamReader(std::shared_ptr<detail::StreamState> state) noexcept : state_(std::move(state)) {}
StreamReader::StreamReader(StreamReader&&) noexcept = default;

StreamReader& StreamReader::operator=(StreamReader&& other) noexcept {
    if (this == &other) return *this;
    if (state_ != nullptr) state_->stopReading();
    state_ = std::move(other.state_);
    return *this;
}

StreamReader::~StreamReader() {
    if (state_ != nullptr) state_->stopReading();
}

asio::awaitable<MessagePtr> StreamReader::next() {
    if (state_ == nullptr) throw detail::emptyHandle("StreamReader");
    return detail::nextPart(state_);
}

asio::awaitable<std::uint64_t> StreamReader::readTo(StreamSink sink) {
    if (state_ == nullptr) throw detail::emptyHandle("StreamReader");
    return readInto(state_, std::move(sink));
}

asio::awaitable<std::string> StreamReader::readAll(std::size_t limit) {
    if (state_ == nullptr) throw detail::emptyHandle("StreamReader");
    return readWhole(state_, limit);
}

MessageId StreamReader::id() const noexcept {
    return state_ != nullptr ? state_->id() : 0;
}

asio::any_io_executor StreamReader::executor() const {
    if (state_ == nullptr) throw detail::emptyHandle("StreamReader");
    return state_->peer().group().executor();
}

asio::awaitable<StreamReader> requestStream(Peer peer, MessagePtr request, Timeout timeout) {
    return askForStream(std::move(peer), std::move(request), timeout);
}

}  // namespace tempeh::flows

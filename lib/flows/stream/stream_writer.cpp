#include "flows/options_check.hpp"
#include "flows/peer/error_detail.hpp"
#include "flows/peer/peer_access.hpp"
#include "flows/stream/stream_sender.hpp"

#include <tempeh/flows/stream_writer.hpp>

namespace tempeh::flows {

namespace {

using detail::StreamSender;
using detail::StreamState;

using Role = StreamState::Role;
using Whose = StreamState::Whose;

detail::SenderPtr beginOurs(Peer peer, OpCode opCode, StreamOptions options) {
    detail::check(options);
    if (opCode != OpCode::Request && opCode != OpCode::Signal)
        throw Error(make_error_code(Status::InvalidOpCode), std::string(nameOf(opCode)));
    const detail::PeerPtr& state = detail::PeerAccess::state(peer);
    const MessageId id = opCode == OpCode::Signal ? state->nextSignalId() : state->nextRequestId();
    detail::StreamPtr stream = StreamState::attach(state, Whose::Ours, Role::Writer, id);
    return std::make_shared<StreamSender>(std::move(peer), std::move(stream), opCode, options);
}

detail::SenderPtr beginAnswer(Peer peer, MessageId id, StreamOptions options) {
    detail::check(options);
    if (id == 0) throw Error(make_error_code(Status::InvalidMessageId), "Response, id 0");
    detail::StreamPtr stream =
        StreamState::attach(detail::PeerAccess::state(peer), Whose::Theirs, Role::Writer, id);
    return std::make_shared<StreamSender>(std::move(peer), std::move(stream), OpCode::Response, options);
}

MessageId idOf(const MessagePtr& request) {
    if (request == nullptr) throw Error(Status::NullMessage);
    return request->header.messageId;
}

}  // namespace

StreamWriter::StreamWriter(Peer peer, OpCode opCode, StreamOptions options)
    : sender_(beginOurs(std::move(peer), opCode, options)) {}
StreamWriter::StreamWriter(Peer peer, MessagePtr request, StreamOptions options)
    : sender_(beginAnswer(std::move(peer), idOf(request), options)) {}
StreamWriter::StreamWriter(Peer peer, MessageId requestId, StreamOptions options)
    : sender_(beginAnswer(std::move(peer), requestId, options)) {}
StreamWriter::StreamWriter(StreamWriter&&) noexcept = default;
StreamWriter& StreamWriter::operator=(StreamWriter&&) noexcept = default;
StreamWriter::~StreamWriter() = default;

const detail::SenderPtr& StreamWriter::sender() const {
    if (sender_ == nullptr) throw detail::emptyHandle("StreamWriter");
    return sender_;
}

TextHeaders& StreamWriter::textHeaders() {
    return sender()->part().textHeaders;
}

asio::awaitable<void> StreamWriter::write(std::span<const std::byte> bytes) {
    return StreamSender::write(sender(), bytes);
}

asio::awaitable<void> StreamWriter::write(std::string_view text) {
    return StreamSender::write(sender(), std::as_bytes(std::span(text.data(), text.size())));
}

asio::awaitable<std::uint64_t> StreamWriter::writeFrom(StreamSource source) {
    return StreamSender::writeFrom(sender(), std::move(source));
}

asio::awaitable<void> StreamWriter::finish(std::uint8_t status) {
    return StreamSender::finish(sender(), status);
}

asio::awaitable<MessagePtr> StreamWriter::answer(Timeout timeout) {
    return StreamSender::answer(sender(), timeout);
}

asio::awaitable<StreamReader> StreamWriter::answerStream(Timeout timeout) {
    return StreamSender::answerStream(sender(), timeout);
}

std::uint64_t StreamWriter::bytesWritten() const noexcept {
    return sender_ != nullptr ? sender_->bytesWritten() : 0;
}

MessageId StreamWriter::id() const noexcept {
    return sender_ != nullptr ? sender_->stream()->id() : 0;
}

asio::any_io_executor StreamWriter::executor() const {
    return sender()->stream()->peer().group().executor();
}

}  // namespace tempeh::flows

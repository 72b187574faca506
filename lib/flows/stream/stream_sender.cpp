#include "flows/stream/stream_sender.hpp"

#include "flows/hub/suspension.hpp"
#include "flows/peer/peer_access.hpp"
#include "flows/peer/peer_operations.hpp"
#include "flows/stream/stream_reader_access.hpp"

#include <algorithm>

namespace tempeh::flows::detail {

namespace {

/// The most parts sent ahead of a reader that has not read anything yet. Otherwise hundreds of streams to a
/// peer that reads them one after the other would fill it with parts that wait for long.
constexpr std::uint64_t firstParts = 4;

}  // namespace

StreamSender::StreamSender(Peer peer, StreamPtr stream, OpCode opCode, StreamOptions options)
    : peer_(std::move(peer)), stream_(std::move(stream)), opCode_(opCode), options_(options) {}

StreamSender::~StreamSender() {
    stream_->stopWriting();
    const bool someoneWaits = sent_ != 0 || opCode_ == OpCode::Response;
    if (isFinished_ || !someoneWaits || stream_->peer().hasEnded()) return;
    try {
        MessagePtr last(new Message());
        last->header.opCode = opCode_;
        last->header.messageId = stream_->id();
        // for a receiver that reads no stream
        last->header.status = tempeh::detail::wireByte<Status::ProcessingFailed>;
        last->textHeaders.append(streamAbortedHeader, "1");
        sendSoon(stream_->peerPtr(), std::move(last));
    } catch (...) {
        stream_->peer().abort();  // the reader must not wait for ever
    }
}

Message& StreamSender::part() {
    if (part_ == nullptr) {
        part_ = stream_->peer().hub().newMessage(opCode_);
        part_->header.messageId = stream_->id();
    }
    return *part_;
}

void StreamSender::checkWanted() const {
    if (isFinished_) throw Error(make_error_code(Status::NotAllowed), "the stream is finished");
    PeerState& peer = stream_->peer();
    bool isStopped = false;
    {
        const HubLock lock(peer.hub());
        isStopped = stream_->isStopped;
    }
    if (isStopped) throw Error(make_error_code(Status::NotAllowed), "the stream's reader wants no more");
}

asio::awaitable<void> StreamSender::pace() {
    Hub& hub = stream_->peer().hub();
    const std::uint64_t window = options_.windowParts;
    while (window != 0 && sent_ >= std::min(window, firstParts)) {
        ReaderWait wait(*stream_, sent_ < window ? 1 : sent_ + 1 - window);
        bool hasHeard = false;
        {
            const HubLock lock(hub);
            const bool mayGoOn = wait.enter();
            wait.settle();
            hasHeard = stream_->hasHeardReader;
            if (!wait.ec && (mayGoOn || (!hasHeard && isPatienceOver_))) co_return;
        }
        if (wait.ec) throw Error(wait.ec, "the stream is being written to already");
        const TimePoint deadline = hasHeard ? TimePoint::max() : hub.time().after(options_.patience);
        Suspension suspension(hub, wait, co_await asio::this_coro::executor);
        auto heard = suspension.until(deadline);
        co_await std::move(heard);
        if (wait.ec) throw Error(wait.ec);
        isPatienceOver_ = isPatienceOver_ || wait.hasTimedOut();
    }
}

asio::awaitable<void> StreamSender::sendPart(bool more) {
    if (more || sent_ != 0) co_await pace();
    checkWanted();
    Message& message = part();
    message.header.more = more;
    if (more) message.header.status = 0;
    if (sent_ == 0) {
        PeerAccess::mark(peer_, message);
        if (more && options_.windowParts != 0)
            message.textHeaders.set(streamWindowHeader, std::to_string(options_.windowParts));
    }
    PeerState& peer = stream_->peer();
    const error_code ec = peer.post(part_);
    if (ec && ec != Status::SendQueueFull) throw peer.errorFor(ec);
    if (ec) co_await postInTime(peer, part_, TimePoint::max());
    ++sent_;
    isFinished_ = !more;
}

asio::awaitable<void> StreamSender::write(SenderPtr self, std::span<const std::byte> bytes) {
    self->checkWanted();
    while (!bytes.empty()) {
        if (self->part().body.size() == self->options_.partBytes) co_await self->sendPart(true);
        Body& body = self->part().body;
        const std::size_t size = std::min(bytes.size(), self->options_.partBytes - body.size());
        body.append(bytes.first(size));
        self->bytesWritten_ += size;
        bytes = bytes.subspan(size);
    }
}

asio::awaitable<std::uint64_t> StreamSender::writeFrom(SenderPtr self, StreamSource source) {
    std::uint64_t written = 0;
    self->checkWanted();
    for (;;) {
        if (self->part().body.size() == self->options_.partBytes) co_await self->sendPart(true);
        Body& body = self->part().body;
        const std::span<std::byte> room = body.prepare(self->options_.partBytes - body.size());
        const std::size_t size = source(room);
        if (size == 0) co_return written;
        const std::size_t taken = std::min(size, room.size());
        body.commit(taken);
        self->bytesWritten_ += taken;
        written += taken;
    }
}

asio::awaitable<void> StreamSender::finish(SenderPtr self, std::uint8_t status) {
    if (self->isFinished_) co_return;
    self->part().header.status = status;
    co_await self->sendPart(false);
}

asio::awaitable<StreamReader> StreamSender::answerStream(SenderPtr self, Duration timeout) {
    const TimePoint deadline = self->stream_->peer().hub().time().after(timeout);
    if (self->opCode_ != OpCode::Request)
        throw Error(make_error_code(Status::InvalidOpCode), "only a request is answered");
    const bool isReady = co_await awaitPart(self->stream_, deadline);
    if (!isReady) co_return StreamReader();
    self->stream_->beginAnswer();
    co_return StreamReaderAccess::make(self->stream_);
}

asio::awaitable<MessagePtr> StreamSender::answer(SenderPtr self, Duration timeout) {
    co_await finish(self, 0);
    StreamReader reader = co_await answerStream(self, timeout);
    if (!reader) co_return nullptr;
    MessagePtr first = co_await reader.next();
    co_return first;
}

}  // namespace tempeh::flows::detail

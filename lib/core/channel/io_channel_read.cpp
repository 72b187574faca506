// The reading half of a channel: bytes in, batches of messages out to the group.

#include "core/channel/io_channel.hpp"
#include "core/group/group.hpp"
#include "core/group/obligation.hpp"
#include "message/message_access.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <array>

namespace tempeh::core {

namespace {

/// How many frames are decoded before delivery: few enough that the receiver finds them in the first-level
/// cache and the pool hands out the same messages again, many enough to make the lock and the wake-up cheap.
constexpr std::size_t framesPerBatch = 128;

/// For a person who looks for the peer's mistake.
std::string describe(const BinaryHeader& header) {
    constexpr ChannelNumber firstOfTls = 0x1603;  // a handshake record, where a channel number should be
    return "opcode " + std::to_string(static_cast<unsigned>(header.opCode)) +
           (header.more ? " with more" : "") + ", message id " + std::to_string(header.messageId) +
           (header.channelNumber == firstOfTls ? "; it looks like TLS" : "");
}

}  // namespace

void IoChannel::startReading() {
    if (life_.runs(LoopKind::Read) || stream_ == nullptr) return;
    life_.started(LoopKind::Read);
    if (!gate_.isUnwanted()) noteReading(true);
    try {
        awaitInput();
    } catch (const std::bad_alloc&) {
        life_.stopped(LoopKind::Read);
        input_.reset();
        throw;
    }
}

/// Begins the wait for the next input. Throws std::bad_alloc; then it has not begun.
void IoChannel::awaitInput() {
    if (receiver_.buffer().expectsLittle()) {
        if (!input_) input_.emplace(engine_.life().use(), this);
        const auto start = [this](Completion done) {
            stream_->startReceive(receiver_.buffer().room(), std::move(done));
        };
        if (!PendingOperation::begin(start)) throw std::bad_alloc();
        return;
    }
    engine_.life().spawn(readLoop(this));
    const std::optional<Input> before = std::exchange(input_, std::nullopt);  // the coroutine has its own
}

void IoChannel::onDone(const error_code& ec, std::size_t size) {
    onReadable(size, ec);
    goOnReading();
}

/// Waits for more, unless reading has ended; then the channel may be destroyed.
void IoChannel::goOnReading() noexcept {
    while (mustRead()) {
        try {
            return awaitInput();
        } catch (const std::bad_alloc&) {
            onReadable(0, asio::error::no_memory);
        }
    }
    const std::optional<Input> last = std::exchange(input_, std::nullopt);
    // The last turn leaves no timer behind, which would keep the context busy.
    const Engine::Turn turn(engine_);
    life_.stopped(LoopKind::Read);
    releaseIfDone();
}

/// The context is being destroyed.
void IoChannel::onDropped() noexcept {
    const std::optional<Input> last = std::exchange(input_, std::nullopt);
    life_.stopped(LoopKind::Read);
    onLoopDropped();
}

/// Reads while much is expected; then an operation takes over.
asio::awaitable<void> IoChannel::readLoop(IoChannelPtr self) {
    {
        Loop loop(*self, LoopKind::Read);
        while (self->mustRead() && !self->receiver_.buffer().isTiny()) {
            transport::AwaitedOperation receive;
            if (self->receiver_.buffer().expectsLittle()) {
                auto outcome = receive.wait(*self->stream_, self->receiver_.buffer().room());
                co_await std::move(outcome);
            } else {
                try {
                    co_await self->stream_->waitReadable(receive.ec);
                } catch (const std::bad_alloc&) {
                    receive.ec = asio::error::no_memory;
                }
            }
            self->onReadable(receive.size, receive.ec);
        }
        loop.finish();
    }
    if (!self->mustRead()) co_return;
    self->life_.started(LoopKind::Read);
    self->goOnReading();
}

/// `size` bytes are already in buffer_, unless a large read was expected.
void IoChannel::onReadable(std::size_t size, const error_code& ec) noexcept {
    if (life_.hasStoppedReading()) return;
    const Engine::Turn turn(engine_);
    if (ec) return isDiscarding() ? onDiscardEnd(ec) : onInputEnd(ec);
    if (isDiscarding()) return discard();
    if (gate_.isDeaf()) return keepRead(size);
    if (group().inbound.isShortOfMessages()) engine_.inbound().noteRecovery(group().inbound);
    if (!receiver_.buffer().expectsLittle()) return receiver_.buffer().note(readMuch());
    countRead();
    const std::span<const std::byte> room = receiver_.buffer().room();
    if (size == room.size() && receiver_.buffer().isTiny()) return receiver_.buffer().note(readOn(room));
    consume(room.first(size));
    // More may already be there: read it now.
    if (size == room.size() && mayReadOn()) size += readMuch();
    receiver_.buffer().note(size);
}

/// What was read filled its room: reads on behind it, so that a frame that is all there is not cut. Returns
/// the size of both.
std::size_t IoChannel::readOn(std::span<const std::byte> begun) noexcept {
    const std::span<std::byte> buffer = readRoom();
    std::ranges::copy(begun, buffer.begin());
    error_code ec;
    const std::size_t size = begun.size() + stream_->readSome(buffer.subspan(begun.size()), ec);
    countRead();
    consume(buffer.first(size));
    if (ec && mayReadOn()) onReadError(ec);
    return size;
}

/// One large read; returns its size. A long body goes directly into its message: the current one, or the next
/// one, whose body is assumed as long as the last (true in a stream of equal messages).
std::size_t IoChannel::readMuch() noexcept {
    try {
        if (const std::span<std::byte> body = receiver_.bodyRoom(); !body.empty()) return readBody(body);
        const bool mayGuess = machine_.state() == machines::ChannelState::Open;
        const std::size_t expected = mayGuess ? receiver_.expectedBody() : 0;
        if (MessagePtr message = expected != 0 ? engine_.inbound().take(inbound(), need()) : nullptr)
            return readExpected(std::move(message), expected);
    } catch (const std::bad_alloc&) {
        end(machines::EndCause::Failure, Status::AllocationFailed, {});
        return 0;
    }
    return readShared();
}

std::span<std::byte> IoChannel::readRoom() noexcept {
    return engine_.inbound().limit(engine_.buffers().read(), inbound(), need());
}

std::size_t IoChannel::readShared() noexcept {
    error_code ec;
    const std::span<std::byte> buffer = readRoom();
    const std::size_t size = stream_->readSome(buffer, ec);
    if (hasInput(ec)) consume(buffer.first(size));
    return size;
}

std::size_t IoChannel::readBody(std::span<std::byte> body) noexcept {
    error_code ec;
    const std::array<std::span<std::byte>, 2> into{body, readRoom()};
    const std::size_t size = stream_->readSome(into, ec);
    if (!hasInput(ec)) return size;
    const std::size_t direct = std::min(size, body.size());
    receiver_.commitBody(direct);
    consume(into[1].first(size - direct));
    return size;
}

/// Throws nothing once bytes were read.
std::size_t IoChannel::readExpected(MessagePtr message, std::size_t expected) {
    std::array<std::byte, BinaryHeader::wireSize> head;
    const std::array<std::span<std::byte>, 3> into{head, message->body.prepare(expected), readRoom()};
    error_code ec;
    const std::size_t size = stream_->readSome(into, ec);
    if (!hasInput(ec)) return size;
    const std::size_t inHead = std::min(size, head.size());
    const std::size_t inBody = std::min(size - inHead, into[1].size());
    const std::size_t rest = size - inHead - inBody;
    const bool fits = inHead == head.size() && machine_.isPlain(BinaryHeader::decode(head)) &&
                      receiver_.supplyExpected(head, message, into[1].size(), inBody);
    if (fits) {
        consume(into[2].first(rest));
    } else {
        // Something else came, for example the end of the stream of equal messages.
        const auto whole =
            engine_.buffers().joinBeforeRead(std::span(head).first(inHead), into[1].first(inBody), rest);
        message.reset();
        consume(whole);
    }
    return size;
}

bool IoChannel::hasInput(const error_code& ec) noexcept {
    countRead();
    if (!ec) return true;
    onReadError(ec);
    return false;
}

void IoChannel::onReadError(const error_code& ec) noexcept {
    if (ec != asio::error::would_block && ec != asio::error::try_again) onInputEnd(ec);
}

void IoChannel::countRead() noexcept {
    counters.reads.add();
    engine_.counters().reads.add();
}

/// Discards input: nothing is received any more, and the connection ends when the peer ends it.
void IoChannel::discard() noexcept {
    error_code ec;
    stream_->readSome(engine_.buffers().read(), ec);
    if (ec && ec != asio::error::would_block && ec != asio::error::try_again) onDiscardEnd(ec);
}

void IoChannel::onDiscardEnd(const error_code& ec) noexcept {
    if (life_.isLive())
        end(machines::EndCause::PeerClosed, Status::PeerDisconnected, ec);
    else
        closeStream();
}

inline MessagePtr IoChannel::Intake::take(bool mustFit) const {
    const Need need = mustFit ? Need::MustFit : channel.need();
    return channel.engine_.inbound().take(channel.group().inbound, need);
}

void IoChannel::consume(std::span<const std::byte> input) noexcept {
    using machines::EndCause;
    const Receiver::Outcome outcome = receiver_.consume(input, machine_, Intake{*this});
    switch (outcome.stop) {
        case Receiver::Stop::Drained:
            return onFramePart();
        case Receiver::Stop::Blocked:
            return keepBlocked(outcome.rest);
        case Receiver::Stop::Over:
            return;
        case Receiver::Stop::PeerCloses:
            return end(machine_.endedByPeer(), Status::Success, "it sent a ByeSignal");
        case Receiver::Stop::Violation:
            return onViolation(outcome.status);
        case Receiver::Stop::Malformed:
            return end(EndCause::Violation, outcome.status, "malformed text headers");
        case Receiver::Stop::NoMemory:
            return end(EndCause::Failure, Status::AllocationFailed, {});
    }
}

/// The peer broke the rules with the frame whose header was just read.
void IoChannel::onViolation(Status status) noexcept {
    std::string detail;
    try {
        detail = describe(receiver_.decoder().header());
    } catch (const std::bad_alloc&) {
        // The status says enough.
    }
    end(machines::EndCause::Violation, status, detail);
}

/// Limits a batch to a share of a small pool, so that a receiver that then stops this channel does not stop
/// all others.
std::size_t IoChannel::batchLimit() const noexcept {
    return std::clamp<std::size_t>(engine_.options().maxPoolMessages / 16, 1, framesPerBatch);
}

/// A frame that is not plain has arrived; it is delivered next.
void IoChannel::onFrame(Message& message, machines::FrameAction action) {
    noteFrameDone();
    message.header.channelNumber = number();
    if (action == machines::FrameAction::DeliverOweBye) {
        byeId_ = message.header.messageId;
        detail::MessageAccess::setObligation(
            message, Obligation(Obligation::Kind::AnswerBye, number(), generation()).raw());
    }
    if (firstId == 0) firstId = message.header.messageId;
}

/// Hands the batch to the group. The application may run inside and do anything to this channel.
void IoChannel::deliver(MessageQueue& batch, std::size_t bytes, bool isLast) noexcept {
    const std::size_t messages = batch.size();
    counters.received.add(messages, bytes);
    group().received.add(messages, bytes);
    engine_.counters().received.add(messages, bytes);
    if (machine_.state() != machines::ChannelState::Closed) {
        guest_.stopWaiting();
        hello_.reset();
        if (machine_.awaitsFirstDelivery()) publishIdentity();
        machine_.onDelivered();
        refreshDeadline();
    }
    if (hasRemotePosts_) mayAnswerDirectly.store(true, std::memory_order_relaxed);
    {
        const Whereabouts::Scope place = engine_.turns().atReceiver(number());
        group().deliver(batch, !isLast);
    }
    if (isLast) end(machines::EndCause::ByeDone, Status::Success, {});
}

/// The peer has proved who it is, and the receiver is about to ask.
void IoChannel::publishIdentity() noexcept {
    if (stream_ == nullptr || !stream_->traits().identifiesLate) return;
    try {
        publishStream();
    } catch (const std::bad_alloc&) {
        // Whoever asks is told of no certificate, and refuses.
    }
}

void IoChannel::onInputEnd(const error_code& ec) noexcept {
    if (ec == asio::error::no_memory) return end(machines::EndCause::Failure, Status::AllocationFailed, {});
    const bool isEof = ec == asio::error::eof;
    EndDetail detail;
    if (!isEof)
        detail = ec;
    else if (receiver_.decoder().midFrame())
        detail = "in the middle of a frame";
    end(machines::EndCause::PeerClosed, Status::PeerDisconnected, detail);
}

}  // namespace tempeh::core

// Messages that the thread which posts them writes itself.

#include "core/group.hpp"
#include "core/io_channel.hpp"
#include "wire/encoder.hpp"

#include <array>

namespace tempeh::core {

bool IoChannel::writeDirectly(MessagePtr message) noexcept {
    mayAnswerDirectly.store(false, std::memory_order_relaxed);
    // A small frame in one piece, the head of a large one.
    std::array<std::byte, BinaryHeader::wireSize + maxDirectHeaders + wire::FrameBatch::copyLimit> buffer;
    const std::span<const std::byte> body = message->body.bytes();
    const bool isCopied = body.size() < wire::FrameBatch::copyLimit;
    const std::size_t used =
        isCopied ? wire::encodeFrame(*message, buffer.data()) : wire::encodeHead(*message, buffer.data());
    const std::array<std::span<const std::byte>, 2> parts{std::span<const std::byte>(buffer).first(used),
                                                          body};

    error_code ec;
    const std::size_t written = stream_->writeSome(std::span(parts).first(isCopied ? 1 : 2), ec);
    const std::size_t frame = wire::frameSize(*message);
    if (written == frame) [[likely]] {
        counters.sent.add(1, frame);
        counters.writes.add();
        group().sentDirectly.add(frame);
        engine_.counters().sentDirectly.add(frame);
        sendRight.giveBack();
        return false;
    }
    // Errors too are the reactor's business: it meets them again.
    rest_ = std::move(message);
    restWritten_ = written;
    const std::scoped_lock lock(engine_.switchboard().mutex());
    const bool wakeNeeded = engine_.switchboard().list(*this);
    sendRight.returnToReactor();
    return wakeNeeded;
}

void IoChannel::reclaimSendRight() noexcept {
    sendRight.claim();
    isSendRightOffered_ = false;
    if (rest_ == nullptr) return;
    outbox_.pushWritten(std::move(rest_), restWritten_);
    publishQueue();
    engine_.markDirty(*this);
}

/// Only where a message that is written at once changes nothing here.
void IoChannel::offerSendRight() noexcept {
    const bool isPlain = streamPhase_ == Phase::Live && !isWriteBlocked_ && !hasWriteFailed_ &&
                         !isDetached_ && !isDraining_ && machine_.state() == machines::ChannelState::Open &&
                         machine_.isPlain(OpCode::Signal);
    if (!isPlain || isSendRightOffered_ || isAccepting) return;
    isSendRightOffered_ = true;
    sendRight.offer();
}

void IoChannel::onListed() noexcept {
    hasRemotePosts_ = true;
    holdSendRight();
    if (std::exchange(isByeDropped, false)) answerBye();
    if (std::exchange(isCancelling, false)) cancelWriters();
    setReadMode(wantedReadMode);
}

}  // namespace tempeh::core

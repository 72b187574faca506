// Messages that the posting thread writes itself.

#include "core/channel/io_channel.hpp"
#include "core/group/group.hpp"
#include "wire/encoder.hpp"

#include <array>
#include <chrono>
#include <thread>

namespace tempeh::core {

bool IoChannel::writeDirectly(MessagePtr message) noexcept {
    mayAnswerDirectly.store(false, std::memory_order_relaxed);
    // Holds a whole small frame, or the head of a large one.
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
        if (sendRight.tryGiveBack()) [[likely]]
            return false;
    } else {
        // Errors are left to the reactor, which will get them again.
        outbox_.leaveRest(std::move(message), written);
    }
    return engine_.submitQueue().returnSendRight(*this);
}

/// False: a thread is writing. It lists the channel when it is done, and onListed() continues.
bool IoChannel::reclaimSendRight() noexcept {
    if (!sendRight.tryClaim()) return false;
    onSendRightBack();
    if (life_.isEnding()) finishEnd();
    return true;
}

void IoChannel::onSendRightBack() noexcept {
    isSendRightOut_ = false;
    if (life_.isEnding() || !outbox_.takeOverRest()) return;
    publishQueue();
    engine_.turns().flushAtEnd(*this);
}

/// Waits for the writing thread. Used when the engine ends, which destroys what the thread writes to.
void IoChannel::awaitSendRight() noexcept {
    constexpr std::chrono::microseconds nap(100);
    while (!sendRight.tryClaim())
        std::this_thread::sleep_for(nap);
}

void IoChannel::completeEnd() noexcept {
    if (!isSendRightOut_) return;
    awaitSendRight();
    holdSendRight();
}

/// Queues the message behind what waits for the writing thread.
void IoChannel::postpone(MessagePtr message) noexcept {
    acceptingBytes += wire::frameSize(*message);
    accepting.pushBack(std::move(message));
    publishQueue();
}

/// Only while a message that is written at once would change no state here.
void IoChannel::offerSendRight() noexcept {
    const bool isPlain = life_.isLive() && !outbox_.isBlocked() && machine_.mayBeWrittenElsewhere();
    if (!isPlain || !stream_->traits().writesOnAnyThread || isSendRightOut_ || isAccepting ||
        !accepting.empty())
        return;
    isSendRightOut_ = true;
    sendRight.offer();
}

void IoChannel::onListed() noexcept {
    hasRemotePosts_ = true;
    if (!cancelled.empty()) cancelWriters();
    setReadMode(wantedReadMode);
    if (!holdSendRight()) return;
    if (std::exchange(isByeDropped, false)) answerBye();
    engine_.turns().flushAtEnd(
        *this);  // whatever waited for the writing thread, if only to offer the right again
}

}  // namespace tempeh::core

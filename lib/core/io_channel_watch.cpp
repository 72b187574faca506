// What a channel does about a peer that stops halfway: in a frame, in taking what is sent, before its hello.

#include "core/group.hpp"
#include "core/io_channel.hpp"

#include <memory>
#include <new>

namespace tempeh::core {

using machines::ChannelState;
using machines::EndCause;

namespace {

/// Of a frame, in each frameTimeout: what tells a slow network from a peer that drips.
constexpr std::size_t leastFrameBytes = 1024;

}  // namespace

void IoChannel::makeRoomForNewer() {
    engine_.counters().droppedHandshakes.add();
    end(EndCause::HelloTimeout, Status::CommunicationFailed, "maxHandshakesPerListener wait");
}

void IoChannel::stopWatching() noexcept {
    noteFrameDone();
    if (frameWatch_ != nullptr) frameWatch_->stop();
    if (writeWatch_ != nullptr) writeWatch_->stop();
}

/// The watch is there, and off. Where there is no memory for it the peer is watched from its next step on.
template <void (IoChannel::*onDeadline)() noexcept>
bool IoChannel::mayBegin(std::unique_ptr<ProgressWatch>& watch) noexcept {
    if (watch == nullptr)
        watch.reset(new (std::nothrow) ProgressWatch(
            [](void* self) noexcept { (static_cast<IoChannel*>(self)->*onDeadline)(); }, this));
    return watch != nullptr && !watch->isOn;
}

/// Part of a frame is in.
void IoChannel::watchFrame() noexcept {
    if (streamPhase_ != Phase::Live || machine_.state() == ChannelState::Closed) return;
    if (decoder_.holdsMessage() && !std::exchange(isFrameUnderWay_, true)) engine_.noteFrameBegun();
    const Duration timeout = engine_.options().frameTimeout;
    if (timeout == Duration::zero() || !mayBegin<&IoChannel::onFrameDeadline>(frameWatch_)) return;
    // Each changes what is seen here: a frame that was completed, and a pause, which is this side's doing.
    frameWatch_->begin(counters.received.messages.get() + counters.poolPauses.get(), decoder_.frameBytesIn());
    engine_.setDeadline(frameWatch_->deadline, engine_.now() + timeout);
}

/// True when this was the first look without progress: the verdict falls at the second.
bool IoChannel::looksAgain(ProgressWatch& watch, Duration timeout) noexcept {
    if (std::exchange(watch.isSuspect, true)) return false;
    watch.isOn = true;
    engine_.setDeadline(watch.deadline, engine_.now() + timeout / ProgressWatch::graceShare);
    return true;
}

void IoChannel::onFrameDeadline() noexcept {
    const Duration timeout = engine_.options().frameTimeout;
    frameWatch_->isOn = false;
    if (streamPhase_ != Phase::Live || isDetached_ || machine_.state() == ChannelState::Closed) return;
    if (isPaused_ || !decoder_.midFrame()) return;  // the next part of a frame begins anew
    const bool hasMoved = frameWatch_->mark != counters.received.messages.get() + counters.poolPauses.get() ||
                          decoder_.frameBytesIn() - frameWatch_->bytes >= leastFrameBytes;
    if (hasMoved) return watchFrame();
    if (looksAgain(*frameWatch_, timeout)) return;
    const IoChannelPtr keepAlive(this);
    engine_.counters().frameTimeouts.add();
    std::string detail;
    try {
        detail = std::to_string(decoder_.frameBytesIn()) + " bytes of it are in";
    } catch (const std::bad_alloc&) {
        // The cause says enough.
    }
    end(EndCause::FrameTimeout, Status::CommunicationFailed, detail);
}

/// The kernel takes no more.
void IoChannel::watchWriting() noexcept {
    const Duration timeout = engine_.options().writeTimeout;
    if (timeout == Duration::zero() || !mayBegin<&IoChannel::onWriteDeadline>(writeWatch_)) return;
    writeWatch_->begin(counters.writes.get());
    engine_.setDeadline(writeWatch_->deadline, engine_.now() + timeout);
}

void IoChannel::onWriteDeadline() noexcept {
    const Duration timeout = engine_.options().writeTimeout;
    writeWatch_->isOn = false;
    if (streamPhase_ != Phase::Live || isDetached_ || machine_.state() == ChannelState::Closed) return;
    if (!isWriteBlocked_) return;  // begins anew when it is again
    // While blocked, nothing is written unless the kernel has said that it takes more.
    if (writeWatch_->mark != counters.writes.get()) return watchWriting();
    if (looksAgain(*writeWatch_, timeout)) return;
    const IoChannelPtr keepAlive(this);
    engine_.counters().writeTimeouts.add();
    end(EndCause::WriteTimeout, Status::CommunicationFailed, {});
}

}  // namespace tempeh::core

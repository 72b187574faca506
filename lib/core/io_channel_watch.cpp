// What a channel does about a peer that stops halfway: in a frame, in taking what is sent, before its hello
// or in its bye.

#include "core/group.hpp"
#include "core/io_channel.hpp"

#include <memory>
#include <new>

namespace tempeh::core {

using machines::ChannelState;
using machines::DeadlineKind;
using machines::EndCause;

namespace {

/// Of a frame, in each frameTimeout: what tells a slow network from a peer that drips.
constexpr std::size_t leastFrameBytes = 1024;

/// A frame of which nothing more came for so long waits for our acknowledgement. Looked for at the first
/// frames: the kernel acknowledges the first sixteen segments at once.
constexpr std::chrono::milliseconds partPatience{1};
constexpr std::uint8_t partLooksAtMost = 64;

ChannelPhase phaseOf(ChannelState state) noexcept {
    switch (state) {
        case ChannelState::Connecting:
            return ChannelPhase::Opening;
        case ChannelState::HelloSent:
        case ChannelState::AwaitingHello:
            return ChannelPhase::Handshake;
        case ChannelState::Open:
            return ChannelPhase::Ready;
        case ChannelState::Ending:
            return ChannelPhase::Closing;
        case ChannelState::Closed:
            break;
    }
    return ChannelPhase::Closed;
}

Duration limitOf(DeadlineKind kind, const Options& options) noexcept {
    switch (kind) {
        case DeadlineKind::Connect:
            return options.connectTimeout;
        case DeadlineKind::Hello:
            return options.helloTimeout;
        case DeadlineKind::Bye:
            return options.byeTimeout;
        case DeadlineKind::None:
            break;
    }
    return infinite;
}

}  // namespace

void IoChannel::makeRoomForNewer() noexcept {
    engine_.counters().droppedHandshakes.add();
    end(EndCause::HelloTimeout, Status::CommunicationFailed, "maxHandshakesPerListener wait");
}

/// The machine may have moved: publish its state and follow its deadline.
void IoChannel::refreshDeadline() noexcept {
    phase.store(phaseOf(machine_.state()), std::memory_order_relaxed);
    const DeadlineKind kind = machine_.deadline();
    if (kind == deadlineKind_ || isDetached_ || hasWriteFailed_) return;
    deadlineKind_ = kind;
    if (!deadline_)
        deadline_.emplace([](void* self) noexcept { static_cast<IoChannel*>(self)->onDeadline(); }, this);
    if (kind == DeadlineKind::None) return Deadlines::cancel(*deadline_);
    engine_.setDeadline(*deadline_, engine_.now() + limitOf(kind, engine_.options()));
}

/// The peer's time begins anew: it may have waited for this side to read.
void IoChannel::restartDeadline() noexcept {
    if (deadlineKind_ != DeadlineKind::Bye || isDetached_ || hasWriteFailed_ || !deadline_) return;
    engine_.setDeadline(*deadline_, engine_.now() + limitOf(deadlineKind_, engine_.options()));
}

/// A timer that is late is no evidence: this side did not run, and what came meanwhile may not be read yet.
bool IoChannel::isLate(Duration timeout) const noexcept {
    return engine_.timer().lateness() > timeout / ProgressWatch::graceShare;
}

/// True: the verdict falls later, the time begins anew.
bool IoChannel::hasMoreTime(Duration limit) noexcept {
    if (!isLate(limit)) return false;
    engine_.setDeadline(*deadline_, engine_.now() + limit);
    return true;
}

void IoChannel::onDeadline() noexcept {
    const IoChannelPtr keepAlive(this);
    if (streamPhase_ != Phase::Live) return closeStream();
    if (isDetached_) return end(EndCause::LocalClose, Status::Success, {});
    // Whoever paused it decides how long what the peer sent may wait. But the pool may lack just the messages
    // that wait in this channel's own queue: then both sides would wait for each other for ever.
    const bool isStuck = hasWriteFailed_ || !outbox_.empty() || !heldBack_.empty();
    const bool isOwnDoing = isStuck ? readMode_ == ReadMode::Paused : isDeaf();
    if (isOwnDoing && deadlineKind_ == DeadlineKind::Bye)
        return engine_.setDeadline(*deadline_, engine_.now() + engine_.options().byeTimeout);
    if (hasMoreTime(limitOf(deadlineKind_, engine_.options()))) return;
    if (hasWriteFailed_) return end(EndCause::PeerClosed, Status::PeerDisconnected, {});
    switch (deadlineKind_) {
        case DeadlineKind::Connect:
            return end(EndCause::ConnectTimeout, Status::ConnectFailed, {});
        case DeadlineKind::Hello:
            engine_.counters().helloTimeouts.add();
            return end(EndCause::HelloTimeout, Status::CommunicationFailed, {});
        case DeadlineKind::Bye:
            return end(EndCause::ByeTimeout, Status::CommunicationFailed, {});
        case DeadlineKind::None:
            return;
    }
}

void IoChannel::stopWatching() noexcept {
    noteFrameDone();
    if (frameWatch_ != nullptr) frameWatch_->stop();
    if (writeWatch_ != nullptr) writeWatch_->stop();
    if (partWatch_ != nullptr) partWatch_->stop();
}

/// The watch is there, and off. Where there is no memory for it the peer is watched from its next step on.
template <void (IoChannel::*onDeadline)() noexcept>
bool IoChannel::mayBegin(std::unique_ptr<ProgressWatch>& watch) noexcept {
    if (watch == nullptr)
        watch.reset(new (std::nothrow) ProgressWatch(
            [](void* self) noexcept { (static_cast<IoChannel*>(self)->*onDeadline)(); }, this));
    return watch != nullptr && !watch->isOn;
}

void IoChannel::noteFrameBegun() noexcept {
    if (engine_.inbound().noteFrameBegun(inbound())) engine_.resumePausedSoon();
}

void IoChannel::noteFrameOver() noexcept {
    isFrameUnderWay_ = false;
    inbound().noteFrameDone();
}

/// Part of a frame is in.
void IoChannel::watchFrame() noexcept {
    if (streamPhase_ != Phase::Live || machine_.state() == ChannelState::Closed) return;
    if (decoder_.holdsMessage() && !std::exchange(isFrameUnderWay_, true)) noteFrameBegun();
    const Duration timeout = engine_.options().frameTimeout;
    if (timeout == Duration::zero() || !mayBegin<&IoChannel::onFrameDeadline>(frameWatch_)) return;
    frameWatch_->begin(counters.received.messages.get(), decoder_.frameBytesIn());
    engine_.setDeadline(frameWatch_->deadline, engine_.now() + timeout);
}

/// The first bytes of a frame are in. A peer that writes header, text headers and body one by one and leaves
/// Nagle's algorithm on (tofu does) sends the second part when the first is acknowledged, and this side's
/// kernel waits 40 ms with that for something to send along. So each message would take so long. An engine of
/// our own writes whole frames; it is looked at for a while, never asked for anything.
void IoChannel::watchParts() noexcept {
    constexpr std::size_t segment = 1024;  // whoever sent more has more to send
    if (streamPhase_ != Phase::Live || decoder_.frameBytesIn() >= segment) return;
    if (partHabit_ == PartHabit::Splits) return stream_->acknowledgeNow();
    if (!stream_->traits().delaysAcknowledgements) {
        partHabit_ = PartHabit::Whole;
        return;
    }
    if (!mayBegin<&IoChannel::onPartDeadline>(partWatch_)) return;
    partWatch_->begin(counters.received.messages.get(), decoder_.frameBytesIn());
    engine_.setDeadline(partWatch_->deadline, engine_.now() + partPatience);
}

void IoChannel::onPartDeadline() noexcept {
    partWatch_->isOn = false;
    if (streamPhase_ != Phase::Live || isDetached_ || machine_.state() == ChannelState::Closed) return;
    const bool stands = !isDeaf() && decoder_.midFrame() && decoder_.frameBytesIn() == partWatch_->bytes &&
                        counters.received.messages.get() == partWatch_->mark;
    if (stands) {
        partHabit_ = PartHabit::Splits;
        stream_->acknowledgeNow();
    } else if (++partLooks_ == partLooksAtMost) {
        partHabit_ = PartHabit::Whole;
    }
}

/// True when this was the first look without progress: the verdict falls at the second.
bool IoChannel::looksAgain(ProgressWatch& watch, Duration timeout) noexcept {
    if (std::exchange(watch.isSuspect, true) && !isLate(timeout)) return false;
    watch.isOn = true;
    engine_.setDeadline(watch.deadline, engine_.now() + timeout / ProgressWatch::graceShare);
    return true;
}

void IoChannel::onFrameDeadline() noexcept {
    const Duration timeout = engine_.options().frameTimeout;
    frameWatch_->isOn = false;
    if (streamPhase_ != Phase::Live || isDetached_ || machine_.state() == ChannelState::Closed) return;
    if (isDeaf() || !decoder_.midFrame()) return;  // the next part of a frame begins anew
    const bool hasMoved = frameWatch_->mark != counters.received.messages.get() ||
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

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
        case DeadlineKind::PeerGone:
            return options.byeTimeout;
        case DeadlineKind::Linger:
            return options.lingerTimeout;
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
    followDeadline();
}

void IoChannel::followDeadline() noexcept {
    const DeadlineKind kind = machine_.deadline();
    if (std::exchange(deadlineKind_, kind) == kind) return;
    if (kind != DeadlineKind::None) return setDeadline(limitOf(kind, engine_.options()));
    if (deadline_) Deadlines::cancel(*deadline_);
}

void IoChannel::setDeadline(Duration limit) noexcept {
    if (!deadline_)
        deadline_.emplace([](void* self) noexcept { static_cast<IoChannel*>(self)->onDeadline(); }, this);
    engine_.setDeadline(*deadline_, engine_.now() + limit);
}

/// Something moved, or the peer may have waited for this side to read: its time for the bye begins anew.
void IoChannel::restartDeadline() noexcept {
    if (deadlineKind_ == DeadlineKind::Bye) setDeadline(engine_.options().byeTimeout);
}

/// A timer that is late is no evidence: this side did not run, and what came meanwhile may not be read yet.
bool IoChannel::isLate(Duration timeout) const noexcept {
    return engine_.timer().lateness() > timeout / ProgressWatch::graceShare;
}

void IoChannel::onDeadline() noexcept {
    const IoChannelPtr keepAlive(this);
    const Duration limit = limitOf(deadlineKind_, engine_.options());
    const machines::DeadlineVerdict verdict =
        machine_.onDeadline(deadlineKind_, {.isUnwanted = gate_.isUnwanted(),
                                            .isDeaf = gate_.isDeaf(),
                                            .hasUnsent = !outbox_.empty() || !heldBack_.empty(),
                                            .isLate = isLate(limit)});
    switch (verdict.action) {
        case machines::DeadlineAction::Nothing:
            return;
        case machines::DeadlineAction::Restart:
            return setDeadline(limit);
        case machines::DeadlineAction::CloseStream:
            return closeStream();
        case machines::DeadlineAction::End:
            if (verdict.cause == EndCause::HelloTimeout) engine_.counters().helloTimeouts.add();
            return end(verdict.cause, Status::Success, {});
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
    if (!life_.isLive() || machine_.state() == ChannelState::Closed) return;
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
    if (!life_.isLive() || decoder_.frameBytesIn() >= segment) return;
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
    if (!life_.isLive() || machine_.isDetached() || machine_.state() == ChannelState::Closed) return;
    const bool stands = !gate_.isDeaf() && decoder_.midFrame() &&
                        decoder_.frameBytesIn() == partWatch_->bytes &&
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
    if (!life_.isLive() || machine_.isDetached() || machine_.state() == ChannelState::Closed) return;
    if (gate_.isDeaf() || !decoder_.midFrame()) return;  // the next part of a frame begins anew
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
    if (!life_.isLive() || machine_.isDetached() || machine_.state() == ChannelState::Closed) return;
    if (!isWriteBlocked_) return;  // begins anew when it is again
    // While blocked, nothing is written unless the kernel has said that it takes more.
    if (writeWatch_->mark != counters.writes.get()) return watchWriting();
    if (looksAgain(*writeWatch_, timeout)) return;
    const IoChannelPtr keepAlive(this);
    engine_.counters().writeTimeouts.add();
    end(EndCause::WriteTimeout, Status::CommunicationFailed, {});
}

}  // namespace tempeh::core

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
using machines::PartHabit;
using machines::ProgressVerdict;

namespace {

constexpr int graceShare = machines::ProgressMachine::graceShare;

/// A frame of which nothing more came for so long waits for our acknowledgement.
constexpr std::chrono::milliseconds partPatience{1};

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
    return engine_.timer().lateness() > timeout / graceShare;
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
    partHabit_.stop();
    if (partDeadline_ != nullptr) Deadlines::cancel(*partDeadline_);
}

/// Makes the watch if there is none. False: no memory for it; the peer is watched from its next step on.
template <auto onDeadline, typename Watch>
bool IoChannel::makeWatch(std::unique_ptr<Watch>& watch) noexcept {
    if (watch == nullptr)
        watch.reset(new (std::nothrow) Watch(
            [](void* self) noexcept { (static_cast<IoChannel*>(self)->*onDeadline)(); }, this));
    return watch != nullptr;
}

/// Nothing of the peer's counts any more.
bool IoChannel::isOver() const noexcept {
    return !life_.isLive() || machine_.isDetached() || machine_.state() == ChannelState::Closed;
}

machines::FrameProgress::Facts IoChannel::frameFacts(Duration timeout) const noexcept {
    return {.isOver = isOver(),
            .isDeaf = gate_.isDeaf(),
            .isMidFrame = decoder_.midFrame(),
            .frames = counters.received.messages.get(),
            .bytesIn = decoder_.frameBytesIn(),
            .isLate = isLate(timeout)};
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
    if (timeout == Duration::zero() || !makeWatch<&IoChannel::onFrameDeadline>(frameWatch_)) return;
    if (frameWatch_->machine.isOn()) return;
    frameWatch_->machine.begin(counters.received.messages.get(), decoder_.frameBytesIn());
    engine_.setDeadline(frameWatch_->deadline, engine_.now() + timeout);
}

void IoChannel::onFrameDeadline() noexcept {
    const Duration timeout = engine_.options().frameTimeout;
    switch (frameWatch_->machine.onDeadline(frameFacts(timeout))) {
        case ProgressVerdict::Nothing:
            return;
        case ProgressVerdict::BeginAnew:
            return watchFrame();
        case ProgressVerdict::LookAgain:
            return engine_.setDeadline(frameWatch_->deadline, engine_.now() + timeout / graceShare);
        case ProgressVerdict::TimedOut:
            break;
    }
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

/// The first bytes of a frame are in.
void IoChannel::watchParts() noexcept {
    if (!life_.isLive()) return;
    switch (partHabit_.onPart(decoder_.frameBytesIn(), stream_->traits().delaysAcknowledgements)) {
        case PartHabit::Action::Nothing:
            return;
        case PartHabit::Action::Acknowledge:
            return stream_->acknowledgeNow();
        case PartHabit::Action::Look:
            break;
    }
    if (!makeWatch<&IoChannel::onPartDeadline>(partDeadline_)) return;
    partHabit_.begin(counters.received.messages.get(), decoder_.frameBytesIn());
    engine_.setDeadline(*partDeadline_, engine_.now() + partPatience);
}

void IoChannel::onPartDeadline() noexcept {
    if (partHabit_.onDeadline(frameFacts(partPatience)) == PartHabit::Action::Acknowledge)
        stream_->acknowledgeNow();
}

/// The kernel takes no more.
void IoChannel::watchWriting() noexcept {
    const Duration timeout = engine_.options().writeTimeout;
    if (timeout == Duration::zero() || !makeWatch<&IoChannel::onWriteDeadline>(writeWatch_)) return;
    if (writeWatch_->machine.isOn()) return;
    writeWatch_->machine.begin(counters.writes.get());
    engine_.setDeadline(writeWatch_->deadline, engine_.now() + timeout);
}

void IoChannel::onWriteDeadline() noexcept {
    const Duration timeout = engine_.options().writeTimeout;
    switch (writeWatch_->machine.onDeadline({.isOver = isOver(),
                                             .isBlocked = isWriteBlocked_,
                                             .writes = counters.writes.get(),
                                             .isLate = isLate(timeout)})) {
        case ProgressVerdict::Nothing:
            return;
        case ProgressVerdict::BeginAnew:
            return watchWriting();
        case ProgressVerdict::LookAgain:
            return engine_.setDeadline(writeWatch_->deadline, engine_.now() + timeout / graceShare);
        case ProgressVerdict::TimedOut:
            break;
    }
    const IoChannelPtr keepAlive(this);
    engine_.counters().writeTimeouts.add();
    end(EndCause::WriteTimeout, Status::CommunicationFailed, {});
}

}  // namespace tempeh::core

// How a channel handles a peer that stops halfway: in a frame, in accepting data, before its hello or in its
// bye.

#include "core/channel/io_channel.hpp"
#include "core/group/group.hpp"

#include <algorithm>
#include <memory>
#include <new>

namespace tempeh::core {

using machines::ChannelState;
using machines::DeadlineKind;
using machines::EndCause;
using machines::ProgressMachine;

namespace {

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

Duration helloLimit(const Options& options, const transport::Stream* stream) noexcept {
    const Duration own = stream != nullptr ? stream->traits().helloLimit : Duration::zero();
    return own > Duration::zero() ? std::min(own, Duration(options.helloTimeout)) : options.helloTimeout;
}

Duration limitOf(DeadlineKind kind, const Options& options, const transport::Stream* stream) noexcept {
    switch (kind) {
        case DeadlineKind::Connect:
            return options.connectTimeout;
        case DeadlineKind::Hello:
            return helloLimit(options, stream);
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
    end(EndCause::HelloTimeout, Status::CommunicationFailed, "maxHandshakesPerListener reached");
}

/// The machine's state may have changed: publishes it and follows its deadline.
void IoChannel::refreshDeadline() noexcept {
    phase.store(phaseOf(machine_.state()), std::memory_order_relaxed);
    followDeadline();
}

void IoChannel::followDeadline() noexcept {
    const DeadlineKind kind = machine_.deadline();
    if (std::exchange(deadlineKind_, kind) == kind) return;
    if (kind != DeadlineKind::None) return setDeadline(limitOf(kind, engine_.options(), stream_.get()));
    if (deadline_) Deadlines::cancel(*deadline_);
}

void IoChannel::setDeadline(Duration limit) noexcept {
    if (!deadline_)
        deadline_.emplace([](void* self) noexcept { static_cast<IoChannel*>(self)->onDeadline(); }, this);
    setDeadline(*deadline_, limit);
}

void IoChannel::setDeadline(Deadline& deadline, Duration timeout) noexcept {
    engine_.setDeadline(deadline, timeAfter(engine_.now(), timeout));
}

/// Restarts the peer's time for the bye: there was progress, or the peer may have waited for this side to
/// read.
void IoChannel::restartDeadline() noexcept {
    if (deadlineKind_ == DeadlineKind::Bye) setDeadline(engine_.options().byeTimeout);
}

void IoChannel::onDeadline() noexcept {
    const IoChannelPtr keepAlive(this);
    const Duration limit = limitOf(deadlineKind_, engine_.options(), stream_.get());
    const bool isQueued = connector_ != nullptr && connector_->isQueued();
    const machines::DeadlineVerdict verdict = machine_.onDeadline(
        deadlineKind_, {.isUnwanted = gate_.isUnwanted(),
                        .isDeaf = gate_.isDeaf(),
                        .hasUnsent = !outbox_.holdsNothing(),
                        .isLate = isQueued || lateness() > limit / ProgressMachine::graceShare});
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
    watches_.stop();
}

machines::FrameProgress::Facts IoChannel::frameFacts() const noexcept {
    return {.isOver = isOver(),
            .isDeaf = gate_.isDeaf(),
            .isMidFrame = receiver_.decoder().midFrame(),
            .frames = counters.received.messages.get(),
            .bytesIn = receiver_.decoder().frameBytesIn()};
}

machines::WriteProgress::Facts IoChannel::writeFacts() const noexcept {
    return {.isOver = isOver(), .isBlocked = outbox_.isBlocked(), .writes = counters.writes.get()};
}

/// Part of a frame has arrived.
void IoChannel::watchFrame() noexcept {
    if (!life_.isLive() || machine_.state() == ChannelState::Closed) return;
    if (receiver_.noteFrameHeld() && engine_.inbound().noteFrameBegun(inbound())) engine_.resumePausedSoon();
    watches_.watchFrame(engine_.options().frameTimeout);
}

void IoChannel::onFrameTimeout() noexcept {
    const IoChannelPtr keepAlive(this);
    engine_.counters().frameTimeouts.add();
    std::string detail;
    try {
        detail = std::to_string(receiver_.decoder().frameBytesIn()) + " bytes of it received";
    } catch (const std::bad_alloc&) {
        // The cause says enough.
    }
    end(EndCause::FrameTimeout, Status::CommunicationFailed, detail);
}

void IoChannel::onWriteTimeout() noexcept {
    const IoChannelPtr keepAlive(this);
    engine_.counters().writeTimeouts.add();
    end(EndCause::WriteTimeout, Status::CommunicationFailed, {});
}

}  // namespace tempeh::core

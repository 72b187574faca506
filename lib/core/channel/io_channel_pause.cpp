// When and why a channel does not read, and how that affects the timeouts of its peer.

#include "core/channel/io_channel.hpp"
#include "core/group/group.hpp"

#include <new>

namespace tempeh::core {

namespace {

machines::ReadWish wishOf(ReadMode mode) noexcept {
    switch (mode) {
        case ReadMode::Normal:
            return machines::ReadWish::Normal;
        case ReadMode::Paused:
            return machines::ReadWish::Paused;
        case ReadMode::Urgent:
            break;
    }
    return machines::ReadWish::Urgent;
}

}  // namespace

/// `rest` was read and is kept until reading resumes.
void IoChannel::pauseReading(std::span<const std::byte> rest) {
    if (!life_.isLive()) return;
    receiver_.keep(rest);
    watches_.stopFrame();
    switch (gate_.onBlocked()) {
        case machines::ReadGate::BlockedAction::Nothing:
            return;
        case machines::ReadGate::BlockedAction::Stop:
            return noteReading(false);
        case machines::ReadGate::BlockedAction::AskPool:
            break;
    }
    noteReading(false);
    noteFrameDone();
    counters.poolPauses.add();
    awaitPool();
}

void IoChannel::keepBlocked(std::span<const std::byte> rest) noexcept {
    try {
        pauseReading(rest);
    } catch (const std::bad_alloc&) {
        end(machines::EndCause::Failure, Status::AllocationFailed, {});
    }
}

/// pauseReading() with what the last read left in buffer_.
void IoChannel::keepRead(std::size_t size) noexcept {
    if (size != 0) countRead();
    keepBlocked(receiver_.buffer().room().first(size));
}

/// Forgets what reading was waiting for.
void IoChannel::stopPausing() noexcept {
    engine_.inbound().unpause(*this);
    gate_.onOver();
}

GroupInbound& IoChannel::inbound() const noexcept {
    return group().inbound;
}

void IoChannel::awaitPool() {
    if (!inbound().isShortOfMessages()) {
        engine_.poolShortage().announce(*this);
        inbound().noteShortage();
    }
    if (engine_.inbound().pause(*this)) engine_.resumePausedSoon();
}

bool IoChannel::resumeReading() noexcept {
    const IoChannelPtr keepAlive(this);
    gate_.onPoolBack();
    noteReading(true);
    restartDeadline();
    receiver_.resume([this](std::span<const std::byte> kept) { consume(kept); });
    try {
        if (!gate_.isPaused()) receiver_.dropKept();
        if (!gate_.isPaused() && life_.isLive()) startReading();
    } catch (const std::bad_alloc&) {
        end(machines::EndCause::Failure, Status::AllocationFailed, {});
    }
    releaseIfDone();
    return !InboundReader::is_linked();
}

void IoChannel::setReadMode(ReadMode mode) noexcept {
    wantedReadMode = mode;
    using WishAction = machines::ReadGate::WishAction;
    switch (gate_.onWish(wishOf(mode), !life_.isLive() || machine_.isDetached())) {
        case WishAction::Nothing:
            return;
        case WishAction::GoDeaf:  // it stops where it would read next
            return noteReading(false);
        case WishAction::LeavePool:
            noteReading(false);
            return engine_.inbound().unpause(*this);
        case WishAction::Hear:
            noteReading(true);
            return restartDeadline();
        case WishAction::TryAgain:
            engine_.inbound().unpause(*this);
            engine_.inbound().resumeLater(*this);
            return engine_.resumePausedSoon();
    }
}

}  // namespace tempeh::core

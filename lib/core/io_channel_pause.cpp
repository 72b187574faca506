// When and why a channel does not read, and what that means for judging its peer.

#include "core/group.hpp"
#include "core/io_channel.hpp"

#include <new>
#include <utility>

namespace tempeh::core {

/// `rest` was read and is kept until reading goes on.
void IoChannel::pauseReading(std::span<const std::byte> rest) {
    if (!life_.isLive()) return;
    if (isResuming_)
        unread_.shrinkTo(rest.size());  // it lies in there already
    else
        unread_.add(rest);
    if (frameWatch_ != nullptr) frameWatch_->stop();
    if (isPaused()) return;
    noteReading(false);
    if (readMode_ == ReadMode::Paused) {
        reading_ = Reading::Stopped;
        return;
    }
    reading_ = Reading::AwaitsPool;
    noteFrameDone();
    counters.poolPauses.add();
    awaitPool();
}

/// pauseReading() with what the last read left in buffer_.
void IoChannel::keepRead(std::size_t size) noexcept {
    try {
        if (size != 0) countRead();
        pauseReading(buffer_.room().first(size));
    } catch (const std::bad_alloc&) {
        end(machines::EndCause::Failure, Status::AllocationFailed, {});
    }
}

/// What it waited for does not matter any more.
void IoChannel::stopPausing() noexcept {
    engine_.inbound().unpause(*this);
    reading_ = Reading::On;
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
    reading_ = Reading::On;
    noteReading(true);
    restartDeadline();
    isResuming_ = true;
    consume(unread_.rest());
    isResuming_ = false;
    try {
        if (!isPaused()) unread_.clear();
        if (!isPaused() && life_.isLive()) startReading();
    } catch (const std::bad_alloc&) {
        end(machines::EndCause::Failure, Status::AllocationFailed, {});
    }
    releaseIfDone();
    return !InboundReader::is_linked();
}

void IoChannel::setReadMode(ReadMode mode) noexcept {
    wantedReadMode = mode;
    const ReadMode before = std::exchange(readMode_, mode);
    if (before == mode || !life_.isLive() || machine_.isDetached()) return;
    if (mode == ReadMode::Paused) {
        noteReading(false);
        if (reading_ != Reading::AwaitsPool) return;  // it stops where it would read next
        engine_.inbound().unpause(*this);
        reading_ = Reading::Stopped;
    } else if (reading_ == Reading::On) {
        if (before != ReadMode::Paused) return;
        noteReading(true);
        restartDeadline();
    } else if (reading_ == Reading::Stopped || mode == ReadMode::Urgent) {
        engine_.inbound().unpause(*this);
        reading_ = Reading::AwaitsPool;
        engine_.inbound().resumeLater(*this);
        engine_.resumePausedSoon();
    }
}

}  // namespace tempeh::core

#include "core/channel/peer_watches.hpp"

#include <chrono>
#include <new>

namespace tempeh::core {

using machines::PartHabit;
using machines::ProgressVerdict;

namespace {

constexpr int graceShare = machines::ProgressMachine::graceShare;

/// A frame that makes no progress for this long is waiting for our acknowledgement.
constexpr std::chrono::milliseconds partPatience{1};

}  // namespace

/// False: out of memory.
template <auto onDeadline, typename Made>
bool PeerWatches::make(std::unique_ptr<Made>& made) noexcept {
    if (made == nullptr)
        made.reset(new (std::nothrow) Made(
            [](void* self) noexcept { (static_cast<PeerWatches*>(self)->*onDeadline)(); }, this));
    return made != nullptr;
}

/// A check is due; if nothing timed out, schedules the next one.
template <typename Machine>
bool PeerWatches::hasTimedOut(Watch<Machine>& watch, typename Machine::Facts facts,
                              void (PeerWatches::*beginAnew)(Duration) noexcept) noexcept {
    // A late check proves nothing: this process did not run, and data that arrived meanwhile may not be read
    // yet.
    facts.isLate = owner_.lateness() > watch.period / graceShare;
    switch (watch.machine.onDeadline(facts)) {
        case ProgressVerdict::Nothing:
            return false;
        case ProgressVerdict::BeginAnew:
            (this->*beginAnew)(watch.period);
            return false;
        case ProgressVerdict::LookAgain:
            owner_.setDeadline(watch.deadline, watch.period / graceShare);
            return false;
        case ProgressVerdict::TimedOut:
            break;
    }
    return true;
}

void PeerWatches::watchFrame(Duration period) noexcept {
    if (period == Duration::zero() || watchesFrame() || !make<&PeerWatches::onFrameDeadline>(frame_)) return;
    const machines::FrameProgress::Facts facts = owner_.frameFacts();
    frame_->machine.begin(facts.frames, facts.bytesIn);
    frame_->period = period;
    owner_.setDeadline(frame_->deadline, period);
}

void PeerWatches::onFrameDeadline() noexcept {
    if (hasTimedOut(*frame_, owner_.frameFacts(), &PeerWatches::watchFrame)) owner_.onFrameTimeout();
}

void PeerWatches::stopFrame() noexcept {
    if (frame_ != nullptr) frame_->stop();
}

void PeerWatches::watchWriting(Duration period) noexcept {
    if (period == Duration::zero() || !make<&PeerWatches::onWriteDeadline>(write_)) return;
    if (write_->machine.isOn()) return;
    write_->machine.begin(owner_.writeFacts().writes);
    write_->period = period;
    owner_.setDeadline(write_->deadline, period);
}

void PeerWatches::onWriteDeadline() noexcept {
    if (hasTimedOut(*write_, owner_.writeFacts(), &PeerWatches::watchWriting)) owner_.onWriteTimeout();
}

void PeerWatches::onPart(bool isAcknowledgedLate) noexcept {
    const machines::FrameProgress::Facts facts = owner_.frameFacts();
    switch (habit_.onPart(facts.bytesIn, isAcknowledgedLate)) {
        case PartHabit::Action::Nothing:
            return;
        case PartHabit::Action::Acknowledge:
            return owner_.acknowledgeNow();
        case PartHabit::Action::Look:
            break;
    }
    if (!make<&PeerWatches::onPartDeadline>(part_)) return;
    habit_.begin(facts.frames, facts.bytesIn);
    owner_.setDeadline(*part_, partPatience);
}

void PeerWatches::onPartDeadline() noexcept {
    if (habit_.onDeadline(owner_.frameFacts()) == PartHabit::Action::Acknowledge) owner_.acknowledgeNow();
}

void PeerWatches::stop() noexcept {
    stopFrame();
    if (write_ != nullptr) write_->stop();
    habit_.stop();
    if (part_ != nullptr) Deadlines::cancel(*part_);
}

void PeerWatches::clear() noexcept {
    stop();
    frame_.reset();
    write_.reset();
    part_.reset();
}

}  // namespace tempeh::core

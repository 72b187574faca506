#include "flows/peer/read_control.hpp"

namespace tempeh::flows::detail {

void ReadControl::watch(const Backlog* elsewhere) noexcept {
    elsewhere_ = elsewhere;
    update();
}

void ReadControl::count() noexcept {
    const std::size_t now = messages();
    hub_.countWaiting(counted_, now);
    counted_ = now;
}

void ReadControl::update() noexcept {
    count();
    if (mode_ != ReadMode::Normal || isOver()) adjust();
}

void ReadControl::add(const Message& message) noexcept {
    here_.add(message);
    update();
}

void ReadControl::remove(const Message& message) noexcept {
    here_.remove(message);
    update();
}

bool ReadControl::isOver() const noexcept {
    const std::size_t part = mode_ == ReadMode::Normal ? 1 : 2;  // once paused, until half of it is taken
    return messages() * part > share() || bytes() * part > pauseBytes;
}

/// Does nothing when a need ends, because the next one mostly begins soon. A message that waits then pauses
/// the channel.
void ReadControl::beginNeed() noexcept {
    ++needs_;
    if (mode_ == ReadMode::Paused || hub_.isPoolShort()) adjust();
}

void ReadControl::hold(bool isHeld) noexcept {
    isHeld_ = isHeld && !isClosing_;
    adjust();
}

void ReadControl::setClosing() noexcept {
    if (isHeld_) hold(false);
    if (!std::exchange(isClosing_, true)) beginNeed();
}

void ReadControl::onPoolEmpty() noexcept {
    if (needs_ != 0) adjust();
}

void ReadControl::adjust() noexcept {
    if (isStopped_) return;
    ReadMode mode = ReadMode::Normal;
    if (!hub_.isPoolShort()) movedInNeed_ = 0;
    if (isHeld_)
        mode = ReadMode::Paused;
    else if (isOver())
        mode = needs_ != 0 ? ReadMode::Urgent : ReadMode::Paused;
    else if (needs_ != 0 && hub_.isPoolShort() && movedInNeed_++ < hub_.poolSize())
        mode = ReadMode::Urgent;  // not for ever: what a receiver takes and keeps is not counted here
    if (mode == mode_) return;
    mode_ = mode;
    error_code ec;  // it has ended, or the engine cannot do it
    hub_.group().setReadMode(channel_, mode, ec);
}

void ReadControl::letGo() noexcept {
    elsewhere_ = nullptr;
    count();
    if (std::exchange(isStopped_, true) || mode_ == ReadMode::Normal) return;
    mode_ = ReadMode::Normal;
    error_code ec;
    hub_.group().setReadMode(channel_, ReadMode::Normal, ec);
}

}  // namespace tempeh::flows::detail

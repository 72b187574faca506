#include "actors/supervisor_machine.hpp"

#include <algorithm>
#include <cmath>
#include <new>

namespace tempeh::actors::detail {

void SupervisorMachine::begin() noexcept {
    phase_ = Phase::Up;
    isAnnounced_ = false;
    restarts_.clear();
    for (Child& child : children_) {
        child.isWanted = !child.hasEnded;
        child.mustStop = false;
        child.failures = 0;
    }
}

void SupervisorMachine::stop() noexcept {
    if (phase_ == Phase::Up || phase_ == Phase::GivingUp) phase_ = Phase::Stopping;
}

void SupervisorMachine::onStarted(std::size_t child, TimePoint now) noexcept {
    children_[child].state = State::Running;
    children_[child].startedAt = now;
}

void SupervisorMachine::onFailed(std::size_t index, TimePoint now) noexcept {
    Child& child = children_[index];
    if (child.state == State::Down) return;
    const bool isComing = child.state == State::Stopping;  // it goes down anyway
    child.state = isComing ? State::Stopping : State::Failed;
    if (isComing || phase_ != Phase::Up) return;
    child.mustStop = true;
    if (child.restart == Restart::Temporary)
        child.isWanted = false;
    else
        restart(index, now);
}

void SupervisorMachine::onDown(std::size_t index, TimePoint now) noexcept {
    Child& child = children_[index];
    const bool wasTold = child.state == State::Stopping;
    child.state = State::Down;
    child.mustStop = false;
    if (wasTold || phase_ != Phase::Up) return;
    // It stopped by itself.
    if (child.restart == Restart::Permanent)
        restart(index, now);
    else
        child.isWanted = false;
}

void SupervisorMachine::restart(std::size_t index, TimePoint now) noexcept {
    Child& failed = children_[index];
    if (failed.startedAt != TimePoint::min() && now - failed.startedAt >= failed.backoff.max)
        failed.failures = 0;
    ++failed.failures;
    while (!restarts_.empty() && now - restarts_.front() >= period_)
        restarts_.pop_front();
    try {
        restarts_.push_back(now);
    } catch (const std::bad_alloc&) {
        // This restart is not counted.
    }
    if (restarts_.size() > intensity_) {
        phase_ = Phase::GivingUp;
        return;
    }
    if (strategy_ == Strategy::OneForOne) return;
    for (std::size_t i = strategy_ == Strategy::OneForAll ? 0 : index; i < children_.size(); ++i)
        if (i != index && children_[i].state != State::Down) children_[i].mustStop = true;
}

bool SupervisorMachine::isBusy() const noexcept {
    return std::any_of(children_.begin(), children_.end(), [](const Child& child) {
        return child.state == State::Starting || child.state == State::Stopping;
    });
}

bool SupervisorMachine::isDown() const noexcept {
    return std::all_of(children_.begin(), children_.end(),
                       [](const Child& child) { return child.state == State::Down; });
}

std::size_t SupervisorMachine::lastToStop(bool all) const noexcept {
    for (std::size_t i = children_.size(); i-- > 0;) {
        const Child& child = children_[i];
        if ((child.state == State::Running || child.state == State::Failed) && (all || child.mustStop))
            return i;
    }
    return children_.size();
}

Duration SupervisorMachine::delayOf(const Child& child) const noexcept {
    if (child.failures == 0 || child.backoff.min <= Duration::zero()) return Duration::zero();
    const double times = std::pow(child.backoff.factor, static_cast<double>(child.failures - 1));
    const double delay = static_cast<double>(child.backoff.min.count()) * times;
    return delay >= static_cast<double>(child.backoff.max.count())
               ? Duration(child.backoff.max)
               : Duration(static_cast<Duration::rep>(delay));
}

SupervisorMachine::Action SupervisorMachine::next() noexcept {
    if (phase_ == Phase::Down || phase_ == Phase::GaveUp || isBusy()) return {};
    const bool isEnding = phase_ != Phase::Up;
    const std::size_t stopping = lastToStop(isEnding);
    if (stopping != children_.size()) {
        children_[stopping].state = State::Stopping;
        return {Do::Stop, stopping, Duration::zero()};
    }
    if (isEnding) {
        const bool isGivingUp = phase_ == Phase::GivingUp;
        phase_ = isGivingUp ? Phase::GaveUp : Phase::Down;
        return {isGivingUp ? Do::GaveUp : Do::Down, 0, Duration::zero()};
    }
    for (std::size_t i = 0; i < children_.size(); ++i) {
        Child& child = children_[i];
        if (child.state != State::Down || child.hasEnded) continue;
        if (!child.isWanted) {
            child.hasEnded = true;
            return {Do::End, i, Duration::zero()};
        }
        child.state = State::Starting;
        return {Do::Start, i, delayOf(child)};
    }
    if (isAnnounced_) return {};
    isAnnounced_ = true;
    return {Do::Started, 0, Duration::zero()};
}

}  // namespace tempeh::actors::detail

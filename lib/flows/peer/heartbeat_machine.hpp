#pragma once

#include <tempeh/flows/heartbeat.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace tempeh::flows::detail {

/// Decides when to send a heartbeat and when to report silence. It knows neither time nor peer: its caller
/// passes in what it sees at each look, and does what the step says.
class HeartbeatMachine {
public:
    /// What to do after a look.
    struct Step {
        bool asksPeer = false;     ///< Send a ping.
        bool asksReading = false;  ///< Then call onSilence() with how long this side has been reading.
        TimePoint next = TimePoint::max();  ///< The next look; max() for none.
    };

    HeartbeatMachine(const HeartbeatOptions& options, TimePoint now) noexcept
        : options_(options), nextPing_(now), lastHeard_(now), due_(now) {}

    /// `received`: messages from the peer so far.
    Step onLook(TimePoint now, std::uint64_t received) noexcept {
        Step step;
        if (options_.interval > Duration::zero()) {
            step.asksPeer = nextPing_ <= now;
            if (step.asksPeer) nextPing_ = timeAfter(now, options_.interval);
            step.next = nextPing_;
        }
        if (options_.silence > Duration::zero()) {
            step.asksReading = isSilent(now, received);
            const Duration look = std::max<Duration>(options_.silence / 4, std::chrono::milliseconds(1));
            step.next = std::min(step.next, timeAfter(now, look));
        }
        due_ = step.next;
        return step;
    }

    /// Whether to report the silence, which happens once. Not while this side does not read, nor right after
    /// it resumes: the silence is the peer's only if it could have been heard all the time.
    bool onSilence(Duration readingFor) noexcept {
        if (readingFor < options_.silence) return false;
        state_ = State::Told;
        return true;
    }

private:
    enum class State : std::uint8_t {
        Heard,
        Suspected,  // a look came late and nothing was heard: this process may have stood still
        Told,
    };

    bool isSilent(TimePoint now, std::uint64_t received) noexcept {
        if (received != received_) {
            received_ = received;
            lastHeard_ = now;
            state_ = State::Heard;
        }
        if (state_ == State::Told || now - lastHeard_ < options_.silence) return false;
        // What arrived while this process stood still is read first.
        const bool isLate = now - due_ > options_.silence / 8;
        if (!isLate || state_ == State::Suspected) return true;
        state_ = State::Suspected;
        return false;
    }

    const HeartbeatOptions options_;
    State state_ = State::Heard;
    std::uint64_t received_ = 0;
    TimePoint nextPing_;
    TimePoint lastHeard_;
    TimePoint due_;  // the next look
};

}  // namespace tempeh::flows::detail

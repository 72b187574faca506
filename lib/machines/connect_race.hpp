#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <vector>

namespace tempeh::machines {

/// Which address of a name is tried when: the race of RFC 8305 ("Happy Eyeballs"). An address that does not
/// answer costs the next one a quarter of a second; one that fails costs nothing. All go on until the first
/// is connected. Contains no clock and no socket. Candidates are numbers from 0 up, in the order of trying.
class ConnectRace {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// RFC 8305, section 5: Connection Attempt Delay.
    static constexpr std::chrono::milliseconds stagger{250};
    /// Descriptors that one connection attempt may hold.
    static constexpr std::size_t mostAtOnce = 16;

    enum class Action {
        Start,   ///< Start to connect to `candidate`.
        GiveUp,  ///< `candidate` had its time: close it.
        Wait,    ///< Until `until` or the next event.
        Lost,    ///< All have failed.
    };
    struct Step {
        Action action;
        std::size_t candidate = 0;
        TimePoint until = TimePoint::max();
    };

    explicit ConnectRace(std::size_t candidates) : candidates_(candidates) { running_.reserve(mostAtOnce); }

    /// What to do now; asked again until it says Wait or Lost.
    Step next(TimePoint now) noexcept;
    /// A started candidate has failed. The next one need not wait.
    void onFailed(std::size_t candidate) noexcept;

private:
    const std::size_t candidates_;
    std::size_t started_ = 0;
    std::vector<std::size_t> running_;  // oldest first
    TimePoint nextStart_ = TimePoint::min();
};

/// The order in which to try addresses of these families: that of the resolver, but the families take turns
/// (RFC 8305, section 4), so that one that leads nowhere holds up the other only once.
std::vector<std::size_t> interleavedByFamily(std::span<const int> families);

}  // namespace tempeh::machines

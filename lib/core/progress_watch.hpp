#pragma once

#include "core/deadlines.hpp"

#include <cstdint>
#include <optional>

namespace tempeh::core {

/// Looks now and then whether something moves on, instead of being told each time it does: what moves pays
/// nothing. Two looks without progress end it, the second shortly after the first: when this process has not
/// run for a while, what the peer sent meanwhile is read in between. Reactor thread.
struct ProgressWatch {
    std::optional<Deadline> deadline;
    std::uint64_t mark = 0;  // what there was when it looked last
    bool isOn = false;
    bool isSuspect = false;  // no progress at the last look

    /// Another look when the suspicion is fresh.
    static constexpr int graceShare = 8;

    /// Begins a new period; the caller sets the deadline.
    void begin(std::uint64_t newMark) noexcept {
        mark = newMark;
        isOn = true;
        isSuspect = false;
    }
    void stop() noexcept {
        isOn = false;
        if (deadline) Deadlines::cancel(*deadline);
    }
    /// The engine goes.
    void forget() noexcept {
        isOn = false;
        deadline.reset();
    }
};

}  // namespace tempeh::core

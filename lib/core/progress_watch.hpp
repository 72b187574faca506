#pragma once

#include "core/deadlines.hpp"

#include <cstdint>

namespace tempeh::core {

/// Looks now and then whether something moves on, instead of being told each time it does: what moves pays
/// nothing. Two looks without progress end it, the second shortly after the first: when this process has not
/// run for a while, what the peer sent meanwhile is read in between. Made by who needs one: most channels
/// never do. Reactor thread.
struct ProgressWatch {
    ProgressWatch(Deadline::Callback onDeadline, void* context) noexcept : deadline(onDeadline, context) {}

    Deadline deadline;
    std::uint64_t mark = 0;   // what there was when it looked last
    std::uint64_t bytes = 0;  // and of the frame under way
    bool isOn = false;
    bool isSuspect = false;  // no progress at the last look

    /// Another look when the suspicion is fresh.
    static constexpr int graceShare = 8;

    /// Begins a new period; the caller sets the deadline.
    void begin(std::uint64_t newMark, std::uint64_t newBytes = 0) noexcept {
        mark = newMark;
        bytes = newBytes;
        isOn = true;
        isSuspect = false;
    }
    void stop() noexcept {
        isOn = false;
        Deadlines::cancel(deadline);
    }
};

}  // namespace tempeh::core

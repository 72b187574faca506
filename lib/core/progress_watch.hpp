#pragma once

#include "core/deadlines.hpp"
#include "machines/progress.hpp"

namespace tempeh::core {

/// Looks now and then whether something moves on, instead of being told each time it does: what moves pays
/// nothing. The machine judges, this is when it is asked. Made by who needs one: most channels never do.
/// Reactor thread.
template <typename Machine>
struct ProgressWatch {
    ProgressWatch(Deadline::Callback onDeadline, void* context) noexcept : deadline(onDeadline, context) {}

    void stop() noexcept {
        machine.stop();
        Deadlines::cancel(deadline);
    }

    Deadline deadline;
    Machine machine;
};

using FrameWatch = ProgressWatch<machines::FrameProgress>;
using WriteWatch = ProgressWatch<machines::WriteProgress>;

}  // namespace tempeh::core

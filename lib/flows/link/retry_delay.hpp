#pragma once

#include "base/random.hpp"

#include <tempeh/core/ampe.hpp>
#include <tempeh/flows/backoff.hpp>

namespace tempeh::flows::detail {

/// The successive pauses of a Backoff.
class RetryDelay {
public:
    /// Uses the seed as it is, even 0.
    explicit RetryDelay(const Backoff& backoff);
    /// Uses a seed of the engine's if the backoff has none.
    RetryDelay(const Backoff& backoff, Ampe& engine);

    Duration next() noexcept;
    /// After a success that lasted `duration`: starts over, unless that is less than the next pause. A
    /// connection that ends as soon as it begins is no success, and must be tried less and less often too.
    void noteLasted(Duration duration) noexcept {
        if (duration >= delay_) delay_ = backoff_.initial;
    }

private:
    Backoff backoff_;
    Duration delay_;
    base::Random random_;
};

}  // namespace tempeh::flows::detail

#pragma once

#include "base/random.hpp"

#include <tempeh/core/ampe.hpp>
#include <tempeh/flows/backoff.hpp>

namespace tempeh::flows::detail {

/// The pauses of a Backoff, one after the other.
class RetryDelay {
public:
    /// Its seed is used as it is, 0 as well.
    explicit RetryDelay(const Backoff& backoff);
    /// With the engine's chance where the backoff has no seed.
    RetryDelay(const Backoff& backoff, Ampe& engine);

    Duration next() noexcept;
    /// After a success that lasted so long: begins anew, unless that is less than the pause that would come
    /// next. What ends as soon as it has begun is no success, and must be tried less and less often too.
    void noteLasted(Duration duration) noexcept {
        if (duration >= delay_) delay_ = backoff_.initial;
    }

private:
    Backoff backoff_;
    Duration delay_;
    base::Random random_;
};

}  // namespace tempeh::flows::detail

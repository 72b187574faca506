#pragma once

#include "base/random.hpp"

#include <tempeh/flows/backoff.hpp>

namespace tempeh::flows::detail {

/// The pauses of a Backoff, one after the other.
class RetryDelay {
public:
    explicit RetryDelay(const Backoff& backoff);

    Duration next() noexcept;
    /// After a success: begins anew.
    void reset() noexcept { delay_ = backoff_.initial; }

private:
    Backoff backoff_;
    Duration delay_;
    base::Random random_;
};

}  // namespace tempeh::flows::detail

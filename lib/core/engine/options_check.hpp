#pragma once

#include <tempeh/core/options.hpp>

namespace tempeh::core {

/// Returns the options if every field is in its range; otherwise throws Error(InvalidOption) naming field and
/// value. Shortens excessive times, so that adding one to the clock never overflows.
Options checked(const Options& options);

}  // namespace tempeh::core

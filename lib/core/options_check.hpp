#pragma once

#include <tempeh/core/options.hpp>

namespace tempeh::core {

/// The options when every field is in its range; else throws Error(InvalidOption) naming the field and the
/// value. Times beyond any use are shortened, so that adding one to the clock never overflows.
Options checked(const Options& options);

}  // namespace tempeh::core

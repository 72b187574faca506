#pragma once

#include "options.hpp"

/// The limit row: plain system calls, big reads, many messages per write, nothing else.
namespace bench::raw {

void serve(const Options& options);
void drive(const Options& options);

}  // namespace bench::raw

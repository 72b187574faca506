#pragma once

#include <chrono>

namespace demo {

/// Runs the server here and each client in a process of its own, shows them, and gives the exit status: 0
/// when every answer was right and everybody said bye.
int runDemo(std::chrono::milliseconds duration);

}  // namespace demo

#pragma once

#include <functional>
#include <thread>

namespace tempeh::actors::detail {

/// Starts a thread that no signal meant for the application is delivered to. Throws std::system_error.
std::thread startWorkerThread(std::function<void()> work);

}  // namespace tempeh::actors::detail

#pragma once

#include <tempeh/message/message.hpp>

#include <functional>

namespace tempeh::flows {

/// Called with the progress signals of one request, on the executor of its caller.
using SignalHandler = std::function<void(const Message& signal)>;

}  // namespace tempeh::flows

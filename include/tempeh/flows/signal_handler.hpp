#pragma once

#include <tempeh/message/message.hpp>

#include <functional>

namespace tempeh::flows {

/// Sees the progress signals of one request, on the requester's executor.
using SignalHandler = std::function<void(const Message& signal)>;

}  // namespace tempeh::flows

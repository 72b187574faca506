#pragma once

#include <tempeh/base/duration.hpp>
#include <tempeh/message/status.hpp>
#include <tempeh/transport/configuration.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>

namespace tempeh {

namespace asio = boost::asio;

/// Lengths of time everywhere in the API: any std::chrono duration converts.
using Duration = std::chrono::steady_clock::duration;
using TimePoint = std::chrono::steady_clock::time_point;

/// As a timeout: wait without end.
inline constexpr Duration infinite = Duration::max();

}  // namespace tempeh

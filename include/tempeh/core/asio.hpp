#pragma once

#include <tempeh/base/duration.hpp>
#include <tempeh/message/status.hpp>
#include <tempeh/transport/configuration.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tempeh {

namespace asio = boost::asio;

}  // namespace tempeh

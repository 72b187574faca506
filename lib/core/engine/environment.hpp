#pragma once

#include "transport/clock.hpp"
#include "transport/transport.hpp"

#include <tempeh/core/options.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace tempeh::core {

/// What an engine needs from the outside world besides an executor: a network and a clock. A replacement (a
/// simulation, a test that makes calls fail) controls everything that an engine depends on.
struct Environment {
    std::unique_ptr<transport::Network> network;
    transport::Clock clock;

    /// The operating system's sockets and time.
    static Environment ofSystem(const boost::asio::any_io_executor& executor, const Options& options);
};

}  // namespace tempeh::core

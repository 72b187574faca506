#pragma once

#include "transport/transport.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace tempeh::faults {

namespace asio = boost::asio;

/// A network whose every operation can fail, over one that works: the transport contract's own errors, where
/// the system's would only come with luck. Kind::TransportRead and those after it.
std::unique_ptr<transport::Network> makeFaultyNetwork(std::unique_ptr<transport::Network> real,
                                                      const asio::any_io_executor& executor);

}  // namespace tempeh::faults

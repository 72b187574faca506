#pragma once

#include "transport/scheme.hpp"

namespace tempeh::transport {

/// Unix sockets: `uds|PATH`. parseAddress() handles its addresses itself.
extern const Scheme udsTransport;

}  // namespace tempeh::transport

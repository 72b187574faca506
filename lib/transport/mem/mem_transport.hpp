#pragma once

#include "transport/scheme.hpp"

namespace tempeh::transport {

/// Connections in the memory of the process: `mem|NAME`. parseAddress() knows its addresses by itself.
extern const Scheme memTransport;

}  // namespace tempeh::transport

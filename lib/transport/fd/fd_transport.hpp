#pragma once

#include "transport/scheme.hpp"

namespace tempeh::transport {

/// Sockets that were handed over: `fd|NUMBER`, `fd|NAME`, `fd|accepted|NUMBER`. parseAddress() knows its
/// addresses by itself.
extern const Scheme fdTransport;

}  // namespace tempeh::transport

#pragma once

#include "transport/scheme.hpp"

namespace tempeh::transport {

/// TCP: `tcp|HOST|PORT`. parseAddress() handles its addresses itself.
extern const Scheme tcpTransport;

}  // namespace tempeh::transport

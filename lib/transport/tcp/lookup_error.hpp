#pragma once

#include <tempeh/message/status.hpp>

namespace tempeh::transport {

/// Converts a result of getaddrinfo(); each system has its own numbers.
error_code lookupError(int code) noexcept;

}  // namespace tempeh::transport

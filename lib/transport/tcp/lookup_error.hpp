#pragma once

#include <tempeh/message/status.hpp>

namespace tempeh::transport {

/// What a result of getaddrinfo() means; each system has its own numbers.
error_code lookupError(int code) noexcept;

}  // namespace tempeh::transport

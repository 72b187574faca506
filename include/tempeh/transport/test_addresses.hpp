#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/message/status.hpp>

#include <cstdint>
#include <string>

/// Addresses for tests that run in parallel. Any thread. Each call makes a few system calls.
namespace tempeh {

/// Returns a TCP port that was free on every interface a moment ago. Another process may take it before you
/// use it. For a server it is better to use port 0 and ask which port it got.
TEMPEH_EXPORT std::uint16_t findFreeTcpPort(error_code& ec);
/// Throws Error.
TEMPEH_EXPORT std::uint16_t findFreeTcpPort();

/// Returns a path in the temporary folder that no other call returns, short enough for a Unix socket. Does
/// not create a file.
TEMPEH_EXPORT std::string temporaryUdsPath();

}  // namespace tempeh

#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/message/status.hpp>

#include <cstdint>
#include <string>

/// Addresses for tests that run side by side. Any thread; each call makes a few system calls.
namespace tempeh {

/// A TCP port that was free on every interface a moment ago. Another process may take it before it is used: a
/// server is better given port 0, and asked what it got.
TEMPEH_EXPORT std::uint16_t findFreeTcpPort(error_code& ec);
/// Throws Error.
TEMPEH_EXPORT std::uint16_t findFreeTcpPort();

/// A path in the temporary folder that no other call returns, short enough for a Unix socket; no file is
/// made.
TEMPEH_EXPORT std::string temporaryUdsPath();

}  // namespace tempeh

#pragma once

#include <tempeh/message/message.hpp>

#include <string>

namespace tempeh::flows::detail {

/// What the other side gave as its reason, in `~reason` or else in the body: shortened, and fit for one line.
/// Empty if it gave none. Throws std::bad_alloc.
std::string reasonGivenIn(const Message& message);

/// The reason in a refusing HelloResponse, fit for one line, and the server.
std::string refusalDetail(const std::string& server, const Message& response);

}  // namespace tempeh::flows::detail

#pragma once

#include <tempeh/message/message.hpp>

#include <string>

namespace tempeh::flows::detail {

/// The reason in a refusing HelloResponse, fit for one line, and the server.
std::string refusalDetail(const std::string& server, const Message& response);

}  // namespace tempeh::flows::detail

#pragma once

#include <tempeh/message/message.hpp>

#include <string>

namespace tempeh::flows::detail {

/// What a HelloResponse that says no gives as the reason, fit for one line, and who said it.
std::string refusalDetail(const std::string& server, const Message& response);

}  // namespace tempeh::flows::detail

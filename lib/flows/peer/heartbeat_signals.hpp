#pragma once

#include <tempeh/message/message.hpp>

#include <string_view>

namespace tempeh::flows::detail {

inline constexpr std::string_view heartbeatHeader = "heartbeat";
inline constexpr std::string_view heartbeatPing = "ping";
inline constexpr std::string_view heartbeatPong = "pong";
/// In a HelloRequest and in a HelloResponse: that side answers pings. The two words differ, since many
/// servers send the request's headers back with their answer.
inline constexpr std::string_view heartbeatOfClient = "client-answers";
inline constexpr std::string_view heartbeatOfServer = "server-answers";

/// Nothing but that header. Cheap enough to check on every signal.
inline bool isPing(const Message& signal) noexcept {
    return signal.body.empty() && signal.textHeaders.view() == "heartbeat:ping\r\n";
}
inline bool isPong(const Message& signal) noexcept {
    return signal.body.empty() && signal.textHeaders.view() == "heartbeat:pong\r\n";
}

}  // namespace tempeh::flows::detail

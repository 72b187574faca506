#pragma once

#include <tempeh/message/message.hpp>
#include <tempeh/message/status.hpp>

#include <string>

namespace tempeh::core {

inline void throwIf(const error_code& ec) {
    if (ec) throw Error(ec);
}

/// Identifies a message in an Error by its channel and opcode.
inline std::string describe(const Message& message) {
    return "channel " + std::to_string(message.header.channelNumber) + ", " +
           std::string(nameOf(message.header.opCode));
}

}  // namespace tempeh::core

#pragma once

#include <tempeh/core/detail/group_backend.hpp>
#include <tempeh/message/message.hpp>
#include <tempeh/message/status.hpp>

#include <string>

namespace tempeh::core {

inline void throwIf(const error_code& ec) {
    if (ec) throw Error(ec);
}

/// Why a post of this message failed: to whom it was to go, its opcode, and the value that is at fault.
std::string describe(const Message& message, const error_code& ec, const detail::GroupBackend* group);

/// The cause when a blocking call of this group is NotAllowed; nothing for any other error.
std::string whyNotAllowed(const error_code& ec, detail::GroupBackend& group);

}  // namespace tempeh::core

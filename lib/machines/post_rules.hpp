#pragma once

#include <tempeh/message/message.hpp>

namespace tempeh::machines {

/// What a message that an application posts needs, as far as the message alone tells (DESIGN section 2,
/// "Validation"): opcode, id, more, channel number zero or not, lengths, address header. Success when it may
/// go on.
Status checkPost(const Message* message) noexcept;

/// The longest text headers and the longest body of a frame, bytes (WIRE "Frame").
inline constexpr std::size_t maxPartBytes = 65'535;

}  // namespace tempeh::machines

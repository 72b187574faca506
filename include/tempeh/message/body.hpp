#pragma once

#include <tempeh/message/byte_buffer.hpp>

namespace tempeh {

/// The payload of a message: opaque contiguous bytes, at most 65,535 in a message that can be posted. The
/// first 96 bytes are stored in the message itself.
class Body : public ByteBuffer<96> {};

}  // namespace tempeh

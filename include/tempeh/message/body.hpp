#pragma once

#include <tempeh/message/byte_buffer.hpp>

namespace tempeh {

/// The payload of a message: opaque contiguous bytes, at most 65,535 for a message that can be posted. The
/// first 96 bytes live in the message itself.
class Body : public ByteBuffer<96> {};

}  // namespace tempeh

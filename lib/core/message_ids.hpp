#pragma once

#include <tempeh/message/op_code.hpp>

namespace tempeh::core {

/// A message id no other message of this process got: sequential per thread, taken from a common counter in
/// blocks, so that threads do not contend for it. Any thread; about a nanosecond.
MessageId nextMessageId() noexcept;

}  // namespace tempeh::core

#pragma once

#include "core/message_ids.hpp"

#include <tempeh/message/message.hpp>

namespace tempeh::core {

/// The last touch before a posted message belongs to the engine: an id, no trace of an earlier life as a
/// status. `header`: what the caller of post() gets.
inline void stamp(Message& message, BinaryHeader& header) noexcept {
    if (message.header.origin == Origin::Engine) {
        message.header.origin = Origin::Application;
        message.header.status = 0;
    }
    // Copied before the id is written: a wide load right behind a narrow store waits for it.
    header = message.header;
    if (header.messageId == 0) message.header.messageId = header.messageId = nextMessageId();
}

}  // namespace tempeh::core

#pragma once

#include "core/group/message_ids.hpp"

#include <tempeh/message/message.hpp>

namespace tempeh::core {

/// Makes the message one of the engine's, with the status.
inline void markFromEngine(Message& message, Status status) noexcept {
    message.header.origin = Origin::Engine;
    message.header.status = static_cast<std::uint8_t>(status);
}

/// Last step before a posted message belongs to the engine: gives it an id and removes traces of earlier use
/// as an engine message. `header` receives the result of post().
inline void stamp(Message& message, BinaryHeader& header) noexcept {
    if (message.header.origin == Origin::Engine) {
        message.header.origin = Origin::Application;
        message.header.status = 0;
    }
    // Copied before the id is written: a wide load right after a narrow store waits for the store.
    header = message.header;
    if (header.messageId == 0) message.header.messageId = header.messageId = nextMessageId();
}

}  // namespace tempeh::core

#pragma once

#include <tempeh/message/message.hpp>

#include <cstddef>
#include <cstdint>

namespace tempeh::detail {

/// Gives the engine access to a message's private fields. For the thread that owns the message.
class MessageAccess {
public:
    /// Where the message returns to; null: plain heap.
    static MessageHome* home(const Message& message) noexcept { return message.home_; }
    static void setHome(Message& message, MessageHome* home) noexcept { message.home_ = home; }

    /// The account of the group it was received for, while it is out; null: none.
    static InboundAccount* account(const Message& message) noexcept { return message.account_; }
    static void setAccount(Message& message, InboundAccount* account) noexcept { message.account_ = account; }

    /// A response that the engine owes if the application sends none; 0: none.
    static std::uint64_t obligation(const Message& message) noexcept { return message.obligation_; }
    static void setObligation(Message& message, std::uint64_t obligation) noexcept {
        message.obligation_ = obligation;
    }
};

}  // namespace tempeh::detail

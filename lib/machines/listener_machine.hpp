#pragma once

#include <tempeh/message/op_code.hpp>
#include <tempeh/message/status.hpp>

#include <cstdint>
#include <string_view>

/// The life of a listener, decided without a socket, clock or thread. Rules:
/// docs/concepts/lifecycle.md.
namespace tempeh::machines {

enum class ListenerState : std::uint8_t {
    Opening,    ///< The WelcomeRequest is with the engine and not answered yet.
    Listening,  ///< Bound; accepts.
    Closed,     ///< Whatever the cause.
};

std::string_view nameOf(ListenerState state) noexcept;

/// What to do with a message the application posted on the listener's channel.
enum class ListenerAction : std::uint8_t {
    Close,   ///< End the listener; what it accepted lives on.
    Refuse,  ///< The post fails with the status, the caller keeps the message.
};

struct ListenerVerdict {
    ListenerAction action;
    Status status = Status::Success;
};

/// What a listener that is not closed says to a message: Success when it closes it, else why the post fails.
/// Any thread.
Status checkListenerPost(OpCode opCode) noexcept;

class ListenerMachine {
public:
    ListenerState state() const noexcept { return state_; }

    /// The WelcomeRequest has no answer yet: it owes the application a WelcomeResponse, also when the end
    /// comes first.
    bool owesWelcomeResponse() const noexcept { return state_ == ListenerState::Opening; }

    /// The application posts on the listener's channel. Changes nothing: Close becomes true with onEnd().
    ListenerVerdict onPost(OpCode opCode) const noexcept;

    /// The attempt to listen is over. True: accept from now on. False: it failed, or the listener was closed
    /// meanwhile; drop what was opened and call onEnd().
    bool onOpened(Status status) noexcept;

    /// The listener ends; idempotent. True: a ChannelClosed is due (the first time).
    bool onEnd() noexcept;

private:
    ListenerState state_ = ListenerState::Opening;
};

}  // namespace tempeh::machines

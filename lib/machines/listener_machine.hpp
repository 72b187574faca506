#pragma once

#include <tempeh/message/op_code.hpp>
#include <tempeh/message/status.hpp>

#include <cstdint>
#include <string_view>

/// The life cycle of a listener, decided without a socket, clock or thread. Rules:
/// docs/concepts/lifecycle.md.
namespace tempeh::machines {

enum class ListenerState : std::uint8_t {
    Opening,    ///< The engine has the WelcomeRequest and has not answered it.
    Listening,  ///< Bound and accepting.
    Closed,     ///< Whatever the cause.
};

std::string_view nameOf(ListenerState state) noexcept;

/// What to do with a message that the application posts on the listener's channel.
enum class ListenerAction : std::uint8_t {
    Close,   ///< End the listener; the channels it accepted live on.
    Refuse,  ///< The post fails with the status; the caller keeps the message.
};

struct ListenerVerdict {
    ListenerAction action;
    Status status = Status::Success;
};

/// The result for a message posted on a listener that is not closed: Success when it closes the listener,
/// otherwise why the post fails. Any thread.
Status checkListenerPost(OpCode opCode) noexcept;

class ListenerMachine {
public:
    ListenerState state() const noexcept { return state_; }

    /// The application has no WelcomeResponse yet; the engine owes it one even when the listener ends first.
    bool owesWelcomeResponse() const noexcept { return state_ == ListenerState::Opening; }

    /// The application posts on the listener's channel. Changes no state: a Close takes effect with onEnd().
    ListenerVerdict onPost(OpCode opCode) const noexcept;

    /// The attempt to listen is over. True: start accepting. False: it failed, or the listener was closed
    /// meanwhile; drop what was opened and call onEnd().
    bool onOpened(Status status) noexcept;

    /// The listener ends; idempotent. True the first time: send a ChannelClosed.
    bool onEnd() noexcept;

private:
    ListenerState state_ = ListenerState::Opening;
};

}  // namespace tempeh::machines

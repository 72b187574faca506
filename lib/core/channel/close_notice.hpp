#pragma once

#include "core/channel/channel.hpp"
#include "machines/channel_machine.hpp"

#include <string>

namespace tempeh::core {

/// Turns `notice` into a Signal of the engine about `channel`, with the id of its first message. Reactor
/// thread.
MessagePtr makeNotice(MessagePtr notice, const Channel& channel, Status status) noexcept;

/// Turns `notice` into the ChannelClosed of `channel`: the reason, the peer, and the id of its first message.
/// The channel's number becomes free when the notice is taken from the mailbox. Reactor thread.
MessagePtr makeCloseNotice(MessagePtr notice, const Channel& channel, machines::EndCause cause, Status status,
                           const EndDetail& detail) noexcept;

/// Adds to a returned HelloRequest why it was not answered, and the peer's address.
void addFailure(Message& hello, const Channel& channel, machines::EndCause cause,
                const EndDetail& detail) noexcept;

}  // namespace tempeh::core

#pragma once

#include "core/channel.hpp"
#include "machines/channel_machine.hpp"

#include <string>

namespace tempeh::core {

/// Makes `notice` the ChannelClosed of `channel`: why, who, and the id of its first message. Frees the
/// channel's number once it is taken from the mailbox. Reactor thread.
MessagePtr makeCloseNotice(MessagePtr notice, const Channel& channel, machines::EndCause cause, Status status,
                           const EndDetail& detail) noexcept;

/// Says in a HelloRequest that comes back why there is no answer, and whose it would have been.
void addFailure(Message& hello, const Channel& channel, machines::EndCause cause,
                const EndDetail& detail) noexcept;

}  // namespace tempeh::core

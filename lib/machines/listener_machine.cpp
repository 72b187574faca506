#include "machines/listener_machine.hpp"

#include <utility>

namespace tempeh::machines {

Status checkListenerPost(OpCode opCode) noexcept {
    const bool closes = opCode == OpCode::ByeSignal || opCode == OpCode::ByeRequest;
    return closes ? Status::Success : Status::NotAllowed;
}

ListenerVerdict ListenerMachine::onPost(OpCode opCode) const noexcept {
    // The number is no longer valid, as for any unknown channel.
    if (state_ == ListenerState::Closed) return {ListenerAction::Refuse, Status::InvalidChannelNumber};
    const Status status = checkListenerPost(opCode);
    return {status == Status::Success ? ListenerAction::Close : ListenerAction::Refuse, status};
}

bool ListenerMachine::onOpened(Status status) noexcept {
    if (state_ != ListenerState::Opening || status != Status::Success) return false;
    state_ = ListenerState::Listening;
    return true;
}

bool ListenerMachine::onEnd() noexcept {
    return std::exchange(state_, ListenerState::Closed) != ListenerState::Closed;
}

std::string_view nameOf(ListenerState state) noexcept {
    switch (state) {
        case ListenerState::Opening:
            return "Opening";
        case ListenerState::Listening:
            return "Listening";
        case ListenerState::Closed:
            return "Closed";
    }
    return "unknown";
}

}  // namespace tempeh::machines

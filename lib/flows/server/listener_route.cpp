#include "flows/server/listener_route.hpp"

#include <new>

namespace tempeh::flows::detail {

void ListenerRoute::onMessage(MessagePtr& message, WokenList& woken) noexcept {
    const Status status = message->status();
    if (message->header.opCode == OpCode::WelcomeResponse) {
        onAnswer(*message);
    } else if (message->isChannelClosed()) {
        hasEnded_ = true;
        if (!isBound_ && !failure) failure = status;
        hub_.removeRoute(channel_);
    }
    hub_.wakeAll(waiters_, woken);
}

void ListenerRoute::onAnswer(const Message& answer) noexcept try {
    if (answer.status() == Status::Success) {
        error_code ec;
        bound = parseAddress(answer, ec);
        isBound_ = true;
    } else {
        failure = answer.status();
        reason = answer.textHeaders.find(wire::reasonHeader).value_or("");
    }
} catch (const std::bad_alloc&) {
    if (!failure) failure = Status::AllocationFailed;
}

void ListenerRoute::onHubEnd(const error_code& ended, WokenList& woken) noexcept {
    hasEnded_ = true;
    if (!failure) failure = ended;
    hub_.wakeAll(waiters_, woken);
}

}  // namespace tempeh::flows::detail

#include "flows/listener_route.hpp"

namespace tempeh::flows::detail {

void ListenerRoute::onMessage(MessagePtr& message, WokenList& woken) noexcept {
    const Status status = message->status();
    if (message->header.opCode == OpCode::WelcomeResponse) {
        if (status == Status::Success) {
            error_code ec;
            bound = parseAddress(*message, ec);
            isBound_ = true;
        } else {
            failure = status;
            reason = message->textHeaders.find(wire::reasonHeader).value_or("");
        }
    } else if (message->isChannelClosed()) {
        hasEnded_ = true;
        if (!isBound_ && !failure) failure = status;
        hub_.removeRoute(channel_);
    }
    hub_.wakeAll(waiters_, woken);
}

void ListenerRoute::onHubEnd(const error_code& ended, WokenList& woken) noexcept {
    hasEnded_ = true;
    if (!failure) failure = ended;
    hub_.wakeAll(waiters_, woken);
}

}  // namespace tempeh::flows::detail

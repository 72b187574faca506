#pragma once

#include "flows/hub/hub.hpp"

#include <tempeh/message/message.hpp>
#include <tempeh/wire/address.hpp>

#include <string>

namespace tempeh::flows::detail {

/// One listener of a server.
class ListenerRoute final : public Route {
public:
    /// `waiters` wait for any listener to answer or end.
    ListenerRoute(Hub& hub, WaitList& waiters) noexcept : hub_(hub), waiters_(waiters) {}
    ListenerRoute(const ListenerRoute&) = delete;
    ListenerRoute& operator=(const ListenerRoute&) = delete;

    void open(ChannelNumber channel) noexcept TEMPEH_REQUIRES(hubLocked) { channel_ = channel; }
    /// The message that closes it. Call it once, after open().
    MessagePtr takeBye() noexcept TEMPEH_REQUIRES(hubLocked) {
        bye_->header.opCode = OpCode::ByeSignal;
        bye_->header.channelNumber = channel_;
        return std::move(bye_);
    }
    void onMessage(MessagePtr& message, WokenList& woken) noexcept override TEMPEH_REQUIRES(hubLocked);
    void onHubEnd(const error_code& reason, WokenList& woken) noexcept override TEMPEH_REQUIRES(hubLocked);

    ChannelNumber channel() const noexcept TEMPEH_REQUIRES(hubLocked) { return channel_; }
    /// Bound, or failed.
    bool hasAnswered() const noexcept TEMPEH_REQUIRES(hubLocked) { return isBound_ || hasEnded_; }
    bool isBound() const noexcept TEMPEH_REQUIRES(hubLocked) { return isBound_; }
    bool hasEnded() const noexcept TEMPEH_REQUIRES(hubLocked) { return hasEnded_; }

    error_code failure TEMPEH_GUARDED_BY(hubLocked);
    std::string reason TEMPEH_GUARDED_BY(hubLocked);
    Address bound TEMPEH_GUARDED_BY(hubLocked);

private:
    void onAnswer(const Message& answer) noexcept TEMPEH_REQUIRES(hubLocked);

    Hub& hub_;
    /// Made in advance: closing must not need memory.
    MessagePtr bye_ TEMPEH_GUARDED_BY(hubLocked){new Message()};
    WaitList& waiters_ TEMPEH_GUARDED_BY(hubLocked);
    ChannelNumber channel_ TEMPEH_GUARDED_BY(hubLocked) = 0;
    bool isBound_ TEMPEH_GUARDED_BY(hubLocked) = false;
    bool hasEnded_ TEMPEH_GUARDED_BY(hubLocked) = false;
};

}  // namespace tempeh::flows::detail

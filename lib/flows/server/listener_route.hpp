#pragma once

#include "flows/hub/hub.hpp"

#include <tempeh/message/message.hpp>
#include <tempeh/wire/address.hpp>

#include <string>

namespace tempeh::flows::detail {

/// One listener of a server. Under the hub's lock.
class ListenerRoute final : public Route {
public:
    /// `waiters` wait for any listener to answer or end.
    ListenerRoute(Hub& hub, WaitList& waiters) noexcept : hub_(hub), waiters_(waiters) {}
    ListenerRoute(const ListenerRoute&) = delete;
    ListenerRoute& operator=(const ListenerRoute&) = delete;

    void open(ChannelNumber channel) noexcept { channel_ = channel; }
    /// What closes it; once, after open().
    MessagePtr takeBye() noexcept {
        bye_->header.opCode = OpCode::ByeSignal;
        bye_->header.channelNumber = channel_;
        return std::move(bye_);
    }
    void onMessage(MessagePtr& message, WokenList& woken) noexcept override TEMPEH_REQUIRES(hub_.mutex());
    void onHubEnd(const error_code& reason, WokenList& woken) noexcept override TEMPEH_REQUIRES(hub_.mutex());

    ChannelNumber channel() const noexcept { return channel_; }
    /// Bound, or failed.
    bool hasAnswered() const noexcept { return isBound_ || hasEnded_; }
    bool isBound() const noexcept { return isBound_; }
    bool hasEnded() const noexcept { return hasEnded_; }

    error_code failure;
    std::string reason;
    Address bound;

private:
    void onAnswer(const Message& answer) noexcept;

    Hub& hub_;
    MessagePtr bye_{new Message()};  // made here: closing has to go on without memory
    WaitList& waiters_;
    ChannelNumber channel_ = 0;
    bool isBound_ = false;
    bool hasEnded_ = false;
};

}  // namespace tempeh::flows::detail

#pragma once

#include "flows/peer/peer_state.hpp"

#include <tempeh/flows/signal_handler.hpp>
#include <tempeh/message/message.hpp>

#include <optional>
#include <string_view>

namespace tempeh::flows::detail {

// Text headers of a request that tells its time, and of the signal that ends it. A peer that knows neither
// ignores both.
inline constexpr std::string_view timeLeftHeader = "time-left";
inline constexpr std::string_view timeUnlimited = "unlimited";
inline constexpr std::string_view cancelHeader = "request-cancel";

/// Nothing but that header. Cheap enough to check on every signal.
inline bool isCancel(const Message& signal) noexcept {
    return signal.body.empty() && signal.textHeaders.view() == "request-cancel:1\r\n";
}

/// Puts the time that the asker still waits on its request, in whole milliseconds and at least one. Throws
/// std::bad_alloc, Error(InvalidHeadersLen).
void setTimeLeft(Message& request, Duration timeLeft);

/// What a request says of its time; infinite if it is unlimited. Empty: it says nothing, or nothing that can
/// be read, and its asker will not cancel it.
std::optional<Duration> timeLeftOf(const Message& request) noexcept;

/// Tells the peer that this side no longer waits for the answer to a request, unless it came: in the
/// destructor, so however waiting ended.
class Withdrawal {
public:
    Withdrawal(PeerPtr peer, MessageId request) noexcept : peer_(std::move(peer)), request_(request) {}
    Withdrawal(const Withdrawal&) = delete;
    Withdrawal& operator=(const Withdrawal&) = delete;
    ~Withdrawal();

    void setAnswered() noexcept { isAnswered_ = true; }

private:
    const PeerPtr peer_;
    const MessageId request_;
    bool isAnswered_ = false;
};

/// Gives the request an id if it has none, and its time. Returns the id. Throws Error if it is no Request.
MessageId beginTimed(PeerState& peer, const MessagePtr& request, Duration timeLeft);

/// As request(), and tells the peer how much time there is and when this side gives up.
asio::awaitable<MessagePtr> timedRequest(PeerPtr peer, MessagePtr message, Duration timeout,
                                         SignalHandler onSignal);

}  // namespace tempeh::flows::detail

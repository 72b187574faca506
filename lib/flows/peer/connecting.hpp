#pragma once

#include "flows/peer/peer_state.hpp"

#include <tempeh/flows/circuit_breaker.hpp>
#include <tempeh/flows/connect.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace tempeh::flows::detail {

/// The content of a hello, kept for all attempts, and the breaker that they go through.
class HelloTemplate {
public:
    /// Throws Error(InvalidMessage) for headers, InvalidAddress.
    HelloTemplate(const Address& address, const ConnectOptions& options);

    /// Completes every hello.
    void setHook(std::function<void(Message& hello)> hook) { hook_ = std::move(hook); }

    /// A hello from the engine's pool. Throws Error(ProcessingFailed) when the hook throws.
    MessagePtr make(Ampe& engine) const;
    const std::string& address() const noexcept { return address_; }
    const std::optional<CircuitBreaker>& breaker() const noexcept { return breaker_; }

private:
    std::unique_ptr<Message> message_;
    std::string address_;
    std::optional<CircuitBreaker> breaker_;
    std::function<void(Message& hello)> hook_;
};

/// One attempt: returns a channel whose hello was accepted. Throws as connect(), ConnectFailed at the
/// deadline.
asio::awaitable<PeerPtr> tryConnect(HubPtr hub, const HelloTemplate& hello, TimePoint deadline);

/// All attempts.
asio::awaitable<PeerPtr> connectPeer(HubPtr hub, HelloTemplate hello, ConnectOptions options);

/// Whether another attempt makes sense.
bool isWorthRetrying(const Error& error, const ConnectOptions& options) noexcept;

}  // namespace tempeh::flows::detail

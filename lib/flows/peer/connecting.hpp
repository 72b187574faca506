#pragma once

#include "flows/peer/peer_state.hpp"

#include <tempeh/flows/circuit_breaker.hpp>
#include <tempeh/flows/connect.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tempeh::flows::detail {

/// The content of a hello, kept for all attempts, the addresses it may go to (endpoints 0 and up), and the
/// breaker that the attempts go through.
class HelloTemplate {
public:
    /// Throws Error(InvalidMessage) for headers, InvalidAddress (no address at all, too).
    HelloTemplate(std::span<const Address> addresses, const ConnectOptions& options);

    /// Completes every hello.
    void setHook(std::function<void(Message& hello)> hook) { hook_ = std::move(hook); }

    /// A hello from the engine's pool. Throws Error(ProcessingFailed) when the hook throws.
    MessagePtr make(Ampe& engine, std::size_t endpoint) const;
    std::size_t endpoints() const noexcept { return names_.size(); }
    const std::string& address(std::size_t endpoint) const noexcept { return names_[endpoint]; }
    /// All of them, for people.
    std::string allAddresses() const;
    const std::optional<CircuitBreaker>& breaker() const noexcept { return breaker_; }

private:
    std::unique_ptr<Message> message_;
    std::vector<Address> addresses_;
    std::vector<std::string> names_;
    std::optional<CircuitBreaker> breaker_;
    std::function<void(Message& hello)> hook_;
};

/// One attempt: returns a channel whose hello was accepted. Throws as connect(), ConnectFailed at the
/// deadline.
asio::awaitable<PeerPtr> tryConnect(HubPtr hub, const HelloTemplate& hello, std::size_t endpoint,
                                    TimePoint deadline);

/// All attempts at all addresses.
asio::awaitable<PeerPtr> connectPeer(HubPtr hub, HelloTemplate hello, ConnectOptions options);

/// Whether another attempt makes sense.
bool isWorthRetrying(const Error& error, const ConnectOptions& options) noexcept;

}  // namespace tempeh::flows::detail

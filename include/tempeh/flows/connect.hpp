#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/core/ampe.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/core/reactor_group.hpp>
#include <tempeh/flows/backoff.hpp>
#include <tempeh/flows/detail/flow_operation.hpp>
#include <tempeh/flows/endpoints.hpp>
#include <tempeh/flows/peer.hpp>
#include <tempeh/message/message.hpp>
#include <tempeh/message/text_headers.hpp>
#include <tempeh/wire/address.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tempeh::flows {

class CircuitBreaker;

/// How to connect. An aggregate for designated initialisers. Headers and body are views: connect() copies
/// what they refer to before it returns its awaitable. connect() throws Error(InvalidOption) when a field is
/// out of range.
struct ConnectOptions {
    /// The number of attempts, 0 or more. 0: as many as `timeout` allows. With several addresses, one attempt
    /// tries each of them.
    int attempts = 1;
    /// The pauses between attempts. Each attempt resolves the name anew.
    Backoff backoff = {};
    /// The time for all attempts together, until the hello is answered. 0 or longer.
    Timeout timeout = std::chrono::seconds(30);
    /// Text headers and body of the HelloRequest.
    std::span<const TextHeader> headers = {};
    std::string_view body = {};
    /// Also try again when the server refuses.
    bool retryRefused = false;
    /// Every attempt goes through it. While it is open, connect() fails at once with CircuitOpen, whatever
    /// `attempts` says. connect() copies the handle before it returns its awaitable. Null: none.
    const CircuitBreaker* breaker = nullptr;
    /// Of several addresses.
    EndpointOrder order = EndpointOrder::InOrder;
};

// GCC 12 destroys the members of an aggregate twice when the aggregate is created inside a co_await
// expression.
static_assert(std::is_trivially_destructible_v<ConnectOptions>);

/// Thrown when the server answers the hello with a status other than 0. what() has that status and the
/// server's reason, if it gave one: in a text header `~reason`, or else in the body of its HelloResponse.
class TEMPEH_EXPORT Refused : public Error {
public:
    /// `server` is the server's address, `response` its HelloResponse.
    Refused(const std::string& server, std::shared_ptr<const Message> response);
    ~Refused() override;

    /// The status as the server's application gave it. It is not a Status of the engine's: code() is in
    /// refusalCategory() and has this as its value.
    std::uint8_t rawStatus() const noexcept { return response_->header.status; }
    /// The HelloResponse. Valid while this exception or a copy of it lives.
    const Message& response() const noexcept { return *response_; }
    /// The same, to keep.
    const std::shared_ptr<const Message>& sharedResponse() const noexcept { return response_; }

private:
    std::shared_ptr<const Message> response_;
};

/// The error category of refusals. The values are the application's own.
TEMPEH_EXPORT const boost::system::error_category& refusalCategory() noexcept;

/// Connects, says hello, and waits for the answer or for whatever the server sends first. The peer gets a
/// group of its own; use PeerGroup to put several peers into one. Any executor may run it. A server's own
/// address, as Server::addresses() returns it, works too.
///
/// Throws Refused; Error with the status of the last attempt (such as ConnectFailed, UdsPathNotFound or
/// PeerDisconnected; NotAllowed for the ByeSignal with which a tofu server refuses); Error(ConnectFailed)
/// when `timeout` passes; CircuitOpen from `breaker`. Errors that no further attempt can fix are thrown at
/// once (InvalidAddress, ShutdownStarted). Cancellation of any type ends the attempt.
[[nodiscard]] TEMPEH_EXPORT asio::awaitable<Peer> connect(Ampe& engine, const Address& address,
                                                          ConnectOptions options = {});
[[nodiscard]] TEMPEH_EXPORT asio::awaitable<Peer> connect(Ampe& engine, std::string_view address,
                                                          ConnectOptions options = {});

/// connect() to a peer that can be reached at several addresses (replicas, two networks): tries one after the
/// other, without a pause between them, until one answers. Each has an equal share of the time that is left,
/// and Options::connectTimeout at most to be connected. A server that refuses is an answer, unless
/// `retryRefused`. When all have failed, the error has the status of the last and the cause of each. Throws
/// Error(InvalidAddress) for an empty list. ReconnectingPeer takes several addresses too, and fails over.
[[nodiscard]] TEMPEH_EXPORT asio::awaitable<Peer> connect(Ampe& engine, const Endpoints& addresses,
                                                          ConnectOptions options = {});

namespace detail {

/// Gives an engine an executor.
class EngineHandle {
public:
    explicit EngineHandle(Ampe& engine) noexcept : engine_(engine) {}
    TEMPEH_EXPORT asio::any_io_executor executor() const;

private:
    Ampe& engine_;
};

}  // namespace detail

/// The same with a completion token for void(error_code, Peer). What the options refer to must stay valid
/// until the operation is initiated.
template <detail::FlowToken<Peer> Token>
auto connect(Ampe& engine, const Address& address, ConnectOptions options, Token&& token) {
    return detail::asyncFlow<Peer>(
        detail::EngineHandle(engine),
        [&engine, address, options] { return connect(engine, address, options); },
        std::forward<Token>(token));
}
template <detail::FlowToken<Peer> Token>
auto connect(Ampe& engine, std::string_view address, ConnectOptions options, Token&& token) {
    return detail::asyncFlow<Peer>(
        detail::EngineHandle(engine),
        [&engine, address = std::string(address), options] {
            return connect(engine, std::string_view(address), options);
        },
        std::forward<Token>(token));
}

/// The same to the first of several addresses that answers.
template <detail::FlowToken<Peer> Token>
auto connect(Ampe& engine, const Endpoints& addresses, ConnectOptions options, Token&& token) {
    return detail::asyncFlow<Peer>(
        detail::EngineHandle(engine),
        [&engine, addresses, options] { return connect(engine, addresses, options); },
        std::forward<Token>(token));
}

/// connect() on the engine of the group that has the fewest channels now.
template <typename... Arguments>
auto connect(ReactorGroup& reactors, Arguments&&... arguments) {
    return connect(static_cast<Ampe&>(reactors.leastBusy()), std::forward<Arguments>(arguments)...);
}

/// The same for addresses in braces, which do not deduce.
inline auto connect(ReactorGroup& reactors, const Endpoints& addresses, ConnectOptions options = {}) {
    return connect(static_cast<Ampe&>(reactors.leastBusy()), addresses, options);
}

/// Parses a client's address, `tcp|HOST|PORT` or `uds|PATH`. Throws Error(InvalidAddress).
TEMPEH_EXPORT Address parseClientAddress(std::string_view text);

/// The address at which a client on this machine reaches a server that listens at `bound`. A client's address
/// is returned unchanged.
TEMPEH_EXPORT Address clientAddressOf(const Address& bound);

}  // namespace tempeh::flows

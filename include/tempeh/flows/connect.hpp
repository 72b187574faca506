#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/core/ampe.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/core/reactor_group.hpp>
#include <tempeh/flows/backoff.hpp>
#include <tempeh/flows/detail/flow_operation.hpp>
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

/// How to connect. An aggregate for designated initialisers. Headers and body are views: what they refer to
/// is copied before connect() gives its awaitable. It throws Error(InvalidOption) for a field out of its
/// range.
struct ConnectOptions {
    /// Tries in all; 0: as many as `timeout` allows. 0 and up.
    int attempts = 1;
    /// Between the tries. Each resolves the name anew.
    Backoff backoff = {};
    /// For all of it, until the hello is answered. 0 and up.
    Timeout timeout = std::chrono::seconds(30);
    /// Text headers of the HelloRequest, and its body.
    std::span<const TextHeader> headers = {};
    std::string_view body = {};
    /// Try again also when the server said no.
    bool retryRefused = false;
};

// GCC 12 destroys members of an aggregate twice that is made inside a co_await expression.
static_assert(std::is_trivially_destructible_v<ConnectOptions>);

/// The server answered the hello with a status other than 0. what() has that status and why, if the server
/// says it: in a text header `~reason` or else in the body of its HelloResponse.
class TEMPEH_EXPORT Refused : public Error {
public:
    /// `server`: its address; `response`: its HelloResponse.
    Refused(const std::string& server, std::shared_ptr<const Message> response);
    ~Refused() override;

    /// As the server's application gave it. No Status of the engine's: code() is of refusalCategory(), with
    /// this as its value.
    std::uint8_t rawStatus() const noexcept { return response_->header.status; }
    /// The HelloResponse, as long as this or a copy of it lives.
    const Message& response() const noexcept { return *response_; }
    /// The same, to keep.
    const std::shared_ptr<const Message>& sharedResponse() const noexcept { return response_; }

private:
    std::shared_ptr<const Message> response_;
};

/// The category of what applications refuse with; the value is theirs.
TEMPEH_EXPORT const boost::system::error_category& refusalCategory() noexcept;

/// Connects, says hello and waits for the answer (or for whatever the server says first). The peer is alone
/// in a group of its own; PeerGroup puts several into one. Any executor. Where a server listens
/// (Server::addresses()) is understood too.
///
/// Throws Refused; Error with the status of the last attempt (ConnectFailed, UdsPathNotFound,
/// PeerDisconnected..., NotAllowed for the ByeSignal with which a tofu server refuses) or ConnectFailed when
/// `timeout` passed; at once for what does not get better (InvalidAddress, ShutdownStarted). Cancellation
/// (all types) ends the attempt.
[[nodiscard]] TEMPEH_EXPORT asio::awaitable<Peer> connect(Ampe& engine, const Address& address,
                                                          ConnectOptions options = {});
[[nodiscard]] TEMPEH_EXPORT asio::awaitable<Peer> connect(Ampe& engine, std::string_view address,
                                                          ConnectOptions options = {});

namespace detail {

/// The engine as something that has an executor.
class EngineHandle {
public:
    explicit EngineHandle(Ampe& engine) noexcept : engine_(engine) {}
    TEMPEH_EXPORT asio::any_io_executor executor() const;

private:
    Ampe& engine_;
};

}  // namespace detail

/// The same with any completion token, void(error_code, Peer). What the options point to must stay until the
/// operation is initiated.
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

/// connect() on the engine of the group that has the fewest channels now.
template <typename... Arguments>
auto connect(ReactorGroup& reactors, Arguments&&... arguments) {
    return connect(static_cast<Ampe&>(reactors.leastBusy()), std::forward<Arguments>(arguments)...);
}

/// A client's address from its text, `tcp|HOST|PORT` or `uds|PATH`. Throws Error(InvalidAddress).
TEMPEH_EXPORT Address parseClientAddress(std::string_view text);

/// Where a client on this machine connects to for a server that listens there; a client's address as it is.
TEMPEH_EXPORT Address clientAddressOf(const Address& bound);

}  // namespace tempeh::flows

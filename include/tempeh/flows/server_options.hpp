#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/core/channel_info.hpp>
#include <tempeh/flows/peer.hpp>
#include <tempeh/message/message.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <string_view>
#include <vector>

namespace tempeh::flows {

/// A client that asks to be accepted.
struct Hello {
    const Message& request;      ///< Its HelloRequest: text headers, body.
    const ChannelInfo& channel;  ///< Its address; pid and user where the transport vouches for them.
    Message& response;           ///< The answer, accepted or not; text headers and body may be filled in.

    /// Puts the reason into the answer, in its text header `~reason` and its body: connect() throws it at the
    /// client. Returns `status`, for the hook to return.
    TEMPEH_EXPORT std::uint8_t refuse(
        std::string_view reason, std::uint8_t status = static_cast<std::uint8_t>(Status::NotAllowed)) const;
};

/// Returns 0 to accept the client. Any other value goes to the client as the status of the HelloResponse (see
/// Refused), and the channel is closed. Runs where serve() runs; on the engine's executor it must not block.
/// An exception refuses the client with Status::ProcessingFailed and is logged.
using AcceptHook = std::function<std::uint8_t(Hello& hello)>;

/// As AcceptHook, as a coroutine: it may ask a database or another server. Any number of clients at one time,
/// see ServerOptions::maxAuthorizing. It is cancelled (terminal) when ServerOptions::authorizeTimeout is over
/// and when the server stops; a hook that ignores that only delays the server's end. What `hello` refers to
/// lives until the hook has ended.
using AuthorizeHook = std::function<asio::awaitable<std::uint8_t>(Hello& hello)>;

/// Called with a handler's exception, on the handler's executor. The peer is already closed and the log has
/// the exception. An exception from the hook is logged.
using FailureHook = std::function<void(const Peer& peer, const std::exception_ptr& failure)>;

/// Serves one peer, as a coroutine of its own. The channel is closed when the coroutine has ended and every
/// copy of the Peer is gone. The coroutine is cancelled (terminal) at the deadline of stop() and when the
/// Server is destroyed; what it waits for then ends with operation_aborted.
using Handler = std::function<asio::awaitable<void>(Peer peer)>;

/// How to set up a Server. An aggregate for designated initialisers.
struct ServerOptions {
    /// Decides who is accepted. None: accepts every client.
    AcceptHook accept = nullptr;
    FailureHook onFailure = nullptr;
    /// Where handlers run. Each runs on a strand of this executor, unless it is a strand already. Empty: the
    /// engine's executor.
    asio::any_io_executor executor = {};
    /// The most peers at one time; further clients are refused with Status::NotAllowed. 0: no limit of its
    /// own.
    std::size_t maxPeers = 0;
    /// The most messages of one peer that may wait for its handler: for receive(), or for a stream's reader
    /// as its parts. One more, and the peer is closed. 0: no such limit; then a channel with many waiting
    /// messages is not read, see Peer::receive(). Allow more than the window of the streams that clients send
    /// (StreamOptions::windowParts, 32).
    std::size_t maxWaiting = 0;
    /// Decides who is accepted, after `accept` has, and may wait. Whoever is not accepted in time is refused
    /// with Status::NotAllowed, an exception refuses with Status::ProcessingFailed: both with a reason. Such
    /// a client has a place (maxPeers) but no handler; what it sends meanwhile waits, see maxWaiting. Runs
    /// where serve() runs, on a strand if that is several threads. None: `accept` alone decides.
    AuthorizeHook authorize = nullptr;
    /// The time for `authorize`. 1 ms or longer.
    Timeout authorizeTimeout = std::chrono::seconds(5);
    /// The most clients in `authorize` at one time; further ones wait. 1 or more.
    std::size_t maxAuthorizing = 256;
    /// If either is not empty: the users and the groups whose processes may connect, through Unix sockets,
    /// where the kernel vouches for both (ChannelInfo::peerCredentials). It is enough to be in one of them;
    /// only the process's main group counts. All others are refused with Status::NotAllowed before any hook
    /// is called, and so is every client that the kernel does not vouch for: all of TCP. Use a second Server
    /// for those.
    std::vector<std::uint32_t> allowedUsers = {};
    std::vector<std::uint32_t> allowedGroups = {};
};

/// Counters of a Server since it was made.
struct ServerCounters {
    std::uint64_t accepted = 0;         ///< Clients accepted.
    std::uint64_t refused = 0;          ///< Refused by a hook or a list, or beyond maxPeers.
    std::uint64_t handlerFailures = 0;  ///< Handlers that ended with an exception of their own.
    std::uint64_t overruns = 0;         ///< Peers closed because too many of their messages waited.
    std::size_t peers = 0;              ///< Handlers that run now.
    std::uint64_t turnedAway = 0;       ///< Clients closed without an answer because the server was stopping.
    std::uint64_t cancelled = 0;        ///< Handlers that had not ended by the deadline of stop().
    std::size_t authorizing = 0;        ///< Clients in ServerOptions::authorize now.
};

}  // namespace tempeh::flows

#pragma once

#include <tempeh/core/asio.hpp>
#include <tempeh/core/channel_info.hpp>
#include <tempeh/flows/peer.hpp>
#include <tempeh/message/message.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>

namespace tempeh::flows {

/// A client that asks to be let in.
struct Hello {
    const Message& request;      ///< Its HelloRequest: text headers, body.
    const ChannelInfo& channel;  ///< Its address; pid and user where the transport vouches for them.
    Message& response;           ///< Goes back either way; text headers and body may be filled in.
};

/// Gives 0 to let the client in; anything else goes to it as the status of the HelloResponse (see Refused),
/// and the channel is closed. Called where serve() runs; beside the sockets it must not block. What it throws
/// refuses the client with Status::ProcessingFailed and is logged.
using AcceptHook = std::function<std::uint8_t(Hello& hello)>;

/// Told of a handler's exception, on the handler's executor; the peer is closed already, the log has it. What
/// it throws is logged.
using FailureHook = std::function<void(const Peer& peer, const std::exception_ptr& failure)>;

/// Serves one peer, as a coroutine of its own. The channel is closed when it and every copy of the Peer is
/// gone. It is cancelled (terminal) when stop() comes to its deadline and when the Server is destroyed:
/// whatever it waits for then ends with operation_aborted.
using Handler = std::function<asio::awaitable<void>(Peer peer)>;

/// How a Server is set up. An aggregate for designated initialisers.
struct ServerOptions {
    /// None: everybody is let in.
    AcceptHook accept = nullptr;
    FailureHook onFailure = nullptr;
    /// Where handlers run; empty: beside the sockets. Each on a strand of it, unless it is one.
    asio::any_io_executor executor = {};
    /// Peers at one time; those beyond are refused with Status::NotAllowed. 0: no limit of its own.
    std::size_t maxPeers = 0;
    /// Messages of one peer that wait for its handler, at most: for receive(), or as parts of a stream for
    /// its reader. One more, and that peer is closed. 0: no such limit; the channel of a peer with much
    /// waiting is not read then, see Peer::receive. Give more than the window of the streams that clients
    /// send (StreamOptions::windowParts, 32).
    std::size_t maxWaiting = 0;
};

/// Counters of a Server since it was made.
struct ServerCounters {
    std::uint64_t accepted = 0;         ///< Clients let in.
    std::uint64_t refused = 0;          ///< By the hook, or beyond maxPeers.
    std::uint64_t handlerFailures = 0;  ///< Handlers that ended with an exception of their own.
    std::uint64_t overruns = 0;         ///< Peers closed because too much of them waited.
    std::size_t peers = 0;              ///< Handlers that run now.
    std::uint64_t turnedAway = 0;       ///< Clients that came while the server stopped; closed without a no.
    std::uint64_t cancelled = 0;        ///< Handlers that had not ended by the deadline of stop().
};

}  // namespace tempeh::flows

#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/flows/peer.hpp>
#include <tempeh/flows/request_context.hpp>
#include <tempeh/message/message.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace tempeh::flows {

/// Returns the name of a request's route. The name need not live longer than the request. Must not throw.
using RouteFunction = std::function<std::string_view(const Message& request)>;

/// How to set up a Router. An aggregate for designated initialisers.
struct RouterOptions {
    /// The most requests of one peer at work at one time. Further ones wait where they would without a
    /// Router: see Peer::receive() and ServerOptions::maxWaiting. 1: one after the other, in order. 0 counts
    /// as 1.
    std::size_t requestsPerPeer = 16;
    /// Gets every Signal that belongs to no request or stream, in order. Runs between requests, so it must
    /// not block. None: they are dropped.
    std::function<void(const Peer& peer, MessagePtr signal)> onSignal = nullptr;
    /// Called with a handler's exception, before the request is answered with Status::ProcessingFailed. The
    /// log has the exception. An exception from the hook is ignored.
    std::function<void(const RequestContext& request, const std::exception_ptr& failure)> onFailure = nullptr;
};

/// Counters of a Router since it was made, of all its peers together. Every request that ended is exactly one
/// of answered, failed, overdue and cancelled.
struct RouterCounters {
    std::uint64_t requests = 0;   ///< Begun.
    std::uint64_t answered = 0;   ///< The handler answered, refused, or took the request.
    std::uint64_t failed = 0;     ///< Its handler threw, or ended without an answer.
    std::uint64_t overdue = 0;    ///< Its time was over before its handler answered.
    std::uint64_t cancelled = 0;  ///< The asker gave up or was gone, or the server stopped.
    std::uint64_t unrouted = 0;   ///< No handler for its route; counts as answered too.
};

/// A Server's handler that routes requests to handlers of their own, through any number of layers. Give it to
/// Server::serve() when everything is added; copies share it. Any number of servers may use it.
///
/// Each request's handler is a coroutine. Those of one peer run on the executor of that peer's handler (see
/// ServerOptions::executor), never two at the same time, so what belongs to one peer needs no lock. A handler
/// that throws fails its request alone: the peer gets Status::ProcessingFailed without the exception's text.
/// A request without a handler gets Status::NotImplementedYet.
///
/// A request that says how much time it has (Peer::timed()) is cancelled when that is over; its asker then
/// gets Status::ProcessingFailed with a `~reason`. It is cancelled without an answer when its asker gives up.
///
/// In steady state a request allocates nothing here, but its handler's coroutine may: Asio keeps small frames
/// for reuse.
class TEMPEH_EXPORT Router {
public:
    /// Routes by this text header of the request.
    explicit Router(std::string header = "route", RouterOptions options = {});
    /// Routes by what the function returns, called for every request.
    explicit Router(RouteFunction routeOf, RouterOptions options = {});

    /// Adds a handler; another one for the same route replaces the first. These throw Error(NotAllowed)
    /// once a peer was served.
    Router& on(std::string route, RequestHandler handler);
    /// Sets the handler for requests whose route has none.
    Router& otherwise(RequestHandler handler);
    /// Adds a layer around all handlers, inside of the layers added before.
    Router& use(RequestHandler layer);

    /// Serves a peer until its channel ends, or the server stops: as a Server's Handler.
    [[nodiscard]] asio::awaitable<void> operator()(Peer peer) const;

    /// A snapshot. Any thread.
    RouterCounters counters() const noexcept;

private:
    std::shared_ptr<detail::RouterState> state_;
};

}  // namespace tempeh::flows

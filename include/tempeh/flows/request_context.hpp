#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/flows/peer.hpp>
#include <tempeh/flows/stream_reader.hpp>
#include <tempeh/flows/trace_context.hpp>
#include <tempeh/message/message.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace tempeh::flows {

namespace detail {
class RequestWorker;
class RoutedPeer;
class RouterState;
}  // namespace detail

class RequestContext;

/// Handles one request of a Router, or is a layer around those that do. As a coroutine of its own: it may
/// wait for whatever it likes, and is cancelled (terminal) when the request's time is over, when the asker
/// has given up or is gone, and at the deadline of Server::stop(). The context lives until it has ended.
using RequestHandler = std::function<asio::awaitable<void>(RequestContext& request)>;

/// A request on its way through a Router. Used on the handler's executor alone.
class TEMPEH_EXPORT RequestContext {
public:
    RequestContext(const RequestContext&) = delete;
    RequestContext& operator=(const RequestContext&) = delete;

    /// Who asks.
    const Peer& peer() const noexcept { return peer_; }
    /// Its address, as ChannelInfo::peerAddress, without asking the engine.
    std::string_view peerAddress() const noexcept;
    /// The name under which the handler was found. Empty for Router::otherwise().
    std::string_view route() const noexcept { return route_; }

    /// The request; after answer(), what will be sent. Throws Error(NullMessage) after take().
    Message& message();
    const Message& message() const;

    /// Answers with this body and status (the application's own) and without the request's text headers; the
    /// caller may add others. The answer is sent when the handler and all layers have ended. The last call
    /// counts.
    void answer(std::string_view body, std::uint8_t status = 0);
    /// Answers with message() as the caller has left it, with its text headers. Copies nothing.
    void answer();
    /// Answers with an empty body, this status, and the reason in a text header `~reason`.
    void refuse(Status status, std::string_view reason);
    /// The status of the answer so far. Empty: not answered yet, or taken.
    std::optional<std::uint8_t> answered() const noexcept;
    /// Takes the request out of the router's hands, for a StreamWriter or Peer::respond(). The router then
    /// sends nothing.
    MessagePtr take();
    /// Returns the reader of a request in several parts, from the first on. Of such a request message() has a
    /// copy of the first part. Parts that are not read are dropped when the handler has ended. Call it once;
    /// works for a request of one part, too.
    StreamReader stream();

    /// The time that is left to answer, infinite without a limit. Never negative.
    Duration timeLeft() const;
    /// The engine's time, as Ampe::now().
    TimePoint now() const;
    /// Allows no more than `time` from now. Has no effect if less is left.
    void limitTime(Timeout time);
    /// True once the handler is cancelled.
    bool isCancelled() const noexcept { return isCancelled_; }
    /// Returns a handle to `other` for what is asked in the course of this request: such requests have no
    /// more time than this one has left, tell it to the other side, and continue this one's trace.
    Peer inherit(const Peer& other) const;

    /// For layers: runs the next layer, or the handler. Call it at most once. A layer that does not call it
    /// ends the request there. The time that the rest takes and what it throws are the layer's to see.
    [[nodiscard]] asio::awaitable<void> next();

private:
    friend class detail::RoutedPeer;

    enum class Answer : std::uint8_t { None, Ready, Taken };

    RequestContext(detail::RoutedPeer& owner, detail::RequestWorker& worker, MessagePtr message);
    ~RequestContext() = default;
    MessagePtr copied() const;
    void begin();
    asio::awaitable<void> refuseUnrouted();

    detail::RoutedPeer& owner_;
    detail::RequestWorker& worker_;
    const Peer& peer_;
    MessagePtr message_;
    const RequestHandler* handler_ = nullptr;  // null: there is none for it
    std::string_view route_;
    std::size_t nextLayer_ = 0;
    Answer answer_ = Answer::None;
    bool isCancelled_ = false;
    TimePoint deadline_ = TimePoint::max();
    std::optional<TraceContext> trace_;
    StreamReader stream_;  // of a request in several parts, until it is asked for
};

}  // namespace tempeh::flows

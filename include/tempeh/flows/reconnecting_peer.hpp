#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/core/ampe.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/flows/backoff.hpp>
#include <tempeh/flows/detail/token_forms.hpp>
#include <tempeh/flows/endpoints.hpp>
#include <tempeh/flows/heartbeat.hpp>
#include <tempeh/flows/peer.hpp>
#include <tempeh/flows/stream_reader.hpp>
#include <tempeh/message/text_headers.hpp>
#include <tempeh/wire/address.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace tempeh::flows {

namespace detail {
class ReconnectCore;
}

class CircuitBreaker;

/// What happens to a request that was sent but not answered when the connection is lost. The server may or
/// may not have carried it out.
enum class Unanswered : std::uint8_t {
    Fail,       ///< request() throws Error(ChannelClosed); the caller decides.
    SendAgain,  ///< Sent again with the same id on the next connection: at least once, not exactly once.
};

/// How many requests a link may send again in all, as a share of those that are answered: when a server fails
/// under its load, clients that send everything again are what keeps it down.
struct RetryBudget {
    /// At the start and at most: each request that is sent again costs one. Leave room for those that are
    /// under way at a time, because one lost connection fails them together. 0: no limit.
    std::uint32_t tokens = 0;
    /// What each answer gives back. 0 to 1,000, in steps of a thousandth.
    double perAnswer = 0.1;
};

/// What the link of a ReconnectingPeer is doing. Closed is final.
enum class LinkState : std::uint8_t { Connecting, Connected, Closed };

/// Which of several addresses a ReconnectingPeer tries first after it has lost a connection.
enum class Failover : std::uint8_t {
    Sticky,       ///< The one it was connected to, then those behind it.
    BackToFirst,  ///< The first: it is preferred whenever there is a choice.
};

/// Completes each HelloRequest before it is sent, for example with a fresh token. Runs on the engine's
/// executor. An exception is logged and fails that attempt; the next attempt calls the hook again.
using HelloHook = std::function<void(Message& hello)>;

/// How to stay connected. An aggregate for designated initialisers. The constructor of ReconnectingPeer
/// throws Error(InvalidOption) when a field is out of range.
struct ReconnectOptions {
    /// The pauses between attempts, including the one before the first attempt after a loss. They start over
    /// once a connection has lasted at least as long as the next pause would be. So a server that accepts
    /// every client and closes at once is tried less and less often, too.
    Backoff backoff = {};
    /// The time for one attempt, until the hello is answered. Each attempt resolves the name anew. 1 ms or
    /// longer.
    Timeout attemptTimeout = std::chrono::seconds(10);
    Unanswered unanswered = Unanswered::Fail;
    /// Text headers and body of every HelloRequest. The constructor copies them.
    std::span<const TextHeader> headers = {};
    std::string_view body = {};
    HelloHook prepareHello = nullptr;
    /// Keep trying when the server refuses; otherwise a refusal is the end.
    bool retryRefused = false;
    /// Detects a connection that is dead but not closed (a cable is unplugged, a machine hangs). TCP reports
    /// that after many minutes, or never. After `silence` without a sign of life the connection counts as
    /// lost. Both 0: does not watch.
    HeartbeatOptions heartbeat = {.interval = Duration::zero(), .silence = Duration::zero()};
    /// Every request() goes through it. A request that times out, for want of a connection or of an answer,
    /// counts as a failure. While it is open, request() throws CircuitOpen at once instead of waiting, and
    /// does not count in ReconnectCounters. The link goes on trying to connect. The constructor copies the
    /// handle. Null: none.
    const CircuitBreaker* breaker = nullptr;
    /// With Unanswered::SendAgain: how often one request is sent again at most. A request that kills its
    /// server would otherwise kill each one that it finds. After that it fails as with Unanswered::Fail.
    /// Being sent again because it provably never left does not count. 0 or more.
    std::uint32_t maxResends = 5;
    /// Puts a text header `idempotency-key` on each request that has none. Its value differs between requests
    /// and links and is the same whenever one request is sent, so a server can tell whether it has carried it
    /// out already.
    bool idempotencyKeys = false;
    /// With Unanswered::SendAgain: a limit for all requests of the link together, beside `maxResends`. A
    /// request for which no token is left fails as with Unanswered::Fail.
    RetryBudget retryBudget = {};
    /// Of several addresses. They are tried one after the other without a pause; the pause of `backoff` comes
    /// when all have failed.
    EndpointOrder order = EndpointOrder::InOrder;
    Failover failover = Failover::Sticky;
};

/// Counters of a ReconnectingPeer. Every request ends as exactly one of answered, timedOut and failed.
struct ReconnectCounters {
    std::uint64_t connects = 0;        ///< Connections made.
    std::uint64_t losses = 0;          ///< Connections that were lost.
    std::uint64_t failedAttempts = 0;  ///< Failed attempts to connect.
    std::uint64_t requests = 0;        ///< Sent or tried.
    std::uint64_t answered = 0;        ///< Their Response was delivered.
    std::uint64_t timedOut = 0;        ///< Ended at their timeout.
    std::uint64_t failed = 0;          ///< Threw.
    /// Times a request or signal went to a further connection.
    std::uint64_t sentAgain = 0;
    std::uint64_t overResent = 0;  ///< Requests that failed because of ReconnectOptions::maxResends.
    std::uint64_t overBudget = 0;  ///< Requests that failed because of ReconnectOptions::retryBudget.
    /// Why the last attempt failed or the last connection was lost: the address and the cause, for people.
    /// Empty: nothing has failed yet.
    std::string lastFailure = {};
};

/// A peer that reconnects whenever its connection is lost, until it is closed. A cheap handle: copies share
/// the link, and destroying the last copy closes it, as with Peer. Any thread, any executor; one receive() at
/// a time. Every operation also takes a completion token, as those of Peer do.
///
/// After a move the handle is empty: every call except assignment throws Error(InvalidChannelGroup).
///
/// Nothing is lost silently. A message that provably never left this process (it waited for a connection, or
/// the engine gave it back) goes to the next connection, signals first and in order. A request that was sent
/// and not answered fails or is sent again, see Unanswered. A message for which neither is possible (an
/// answer to a lost request, a part of a stream) comes back through receive(). A signal that was written to
/// the socket before the server died is lost, because signals have no answer.
class TEMPEH_EXPORT ReconnectingPeer : public detail::TokenForms<ReconnectingPeer> {
public:
    // With a completion token.
    using detail::TokenForms<ReconnectingPeer>::send;
    using detail::TokenForms<ReconnectingPeer>::receive;
    using detail::TokenForms<ReconnectingPeer>::request;
    using detail::TokenForms<ReconnectingPeer>::respond;
    using detail::TokenForms<ReconnectingPeer>::close;
    using detail::TokenForms<ReconnectingPeer>::sleep;

    /// Starts to connect at once. The engine must outlive every call except destruction. Errors: those that
    /// connect() throws at once.
    ReconnectingPeer(Ampe& engine, const Address& address, ReconnectOptions options = {});
    /// The same for a peer that can be reached at several addresses, as connect().
    ReconnectingPeer(Ampe& engine, const Endpoints& addresses, ReconnectOptions options = {});

    /// As Peer::request(), but waits for a connection first; `timeout` covers both. Returns null at the
    /// timeout. Throws Error(ChannelClosed) (unanswered, see Unanswered; or closed), CircuitOpen from
    /// ReconnectOptions::breaker, or the reason why there are no more attempts.
    [[nodiscard]] asio::awaitable<MessagePtr> request(MessagePtr message, Timeout timeout = infinite) const;
    [[nodiscard]] asio::awaitable<MessagePtr> request(MessagePtr message, Timeout timeout,
                                                      SignalHandler onSignal) const;
    /// As Peer::send(), for signals. Waits for a connection and for room.
    [[nodiscard]] asio::awaitable<void> send(MessagePtr message) const;
    /// The same with a limit. Returns false if there is no connection with room in time; then the message was
    /// not sent.
    [[nodiscard]] asio::awaitable<bool> send(MessagePtr message, Duration timeout) const;
    /// As Peer::trySend(). Also returns false while there is no connection. Throws the end.
    bool trySend(MessagePtr&& message) const;
    /// Answers a received request on the connection it came from. Throws Error(ChannelClosed) if that
    /// connection is lost.
    [[nodiscard]] asio::awaitable<void> respond(MessagePtr request) const;

    /// As Peer::receive(), with the link's changes among the messages: a HelloResponse (the server's, or an
    /// empty one) when connected, and a Signal from the engine with status ChannelClosed and `~reason` when
    /// lost. Of consecutive losses that were not received, with nothing else between them, only the last is
    /// told. The end (closed, Refused, engine shut down) is thrown.
    [[nodiscard]] asio::awaitable<MessagePtr> receive(Timeout timeout = infinite) const;
    /// The same without exceptions, as the form of Peer::receive() with an error_code. endReason() says why
    /// there are no more attempts.
    [[nodiscard]] asio::awaitable<MessagePtr> receive(Timeout timeout, error_code& ec) const;

    /// Returns true when connected (at once if it already is), false at the timeout. Throws the end.
    [[nodiscard]] asio::awaitable<bool> connected(Timeout timeout = infinite) const;
    /// The same with a completion token for void(error_code, bool).
    template <detail::FlowToken<bool> Token>
    auto connected(Timeout timeout, Token&& token) const {
        return detail::asyncFlow<bool>(
            *this, [peer = *this, timeout]() mutable { return peer.connected(timeout); },
            std::forward<Token>(token));
    }

    /// As requestStream() of a Peer, but waits for a connection first; `timeout` covers both and the wait for
    /// the first part. If the connection is lost before the first part, Unanswered says what happens, as for
    /// request(); later the reader ends with ChannelClosed, since nobody can tell where the next answer would
    /// go on. Does not go through ReconnectOptions::breaker.
    [[nodiscard]] asio::awaitable<StreamReader> requestStream(MessagePtr request,
                                                              Timeout timeout = infinite) const;
    /// The same with a completion token for void(error_code, StreamReader).
    template <detail::FlowToken<StreamReader> Token>
    auto requestStream(MessagePtr request, Timeout timeout, Token&& token) const {
        return detail::asyncFlow<StreamReader>(
            *this,
            [peer = *this, request = std::move(request), timeout]() mutable {
                return peer.requestStream(std::move(request), timeout);
            },
            std::forward<Token>(token));
    }

    /// Returns the connection as a Peer, and waits for one: for streams and whatever else begins and ends
    /// with one connection. Empty at the timeout. Its receive() must not be called: this link receives.
    /// Throws the end. Keeping it keeps the connection open.
    [[nodiscard]] asio::awaitable<Peer> connection(Timeout timeout = infinite) const;
    /// The same with a completion token for void(error_code, Peer).
    template <detail::FlowToken<Peer> Token>
    auto connection(Timeout timeout, Token&& token) const {
        return detail::asyncFlow<Peer>(
            *this, [peer = *this, timeout]() mutable { return peer.connection(timeout); },
            std::forward<Token>(token));
    }

    /// Says bye if connected, stops all attempts, and waits for the end. Returns the peer's ByeResponse, if
    /// there is one.
    [[nodiscard]] asio::awaitable<MessagePtr> close(MessagePtr bye = nullptr) const;

    /// Ends the link at once, as Peer::abort(): what was not sent yet is dropped. Never waits, never throws.
    void abort() const noexcept;

    /// The current connection, as Peer::info(). Without one: the state, and where it connects to.
    ChannelInfo info() const;
    /// Snapshots.
    LinkState state() const;
    std::string endReason() const;
    ReconnectCounters counters() const;
    /// As the same calls of Peer.
    MessagePtr newMessage(OpCode opCode = OpCode::Request) const;
    MessagePtr newMessage(OpCode opCode, std::string_view body) const;
    /// The former name of newMessage(). Deprecated; removed in 0.3.
    [[deprecated("use newMessage()")]] MessagePtr get(OpCode opCode = OpCode::Request) const {
        return newMessage(opCode);
    }
    [[deprecated("use newMessage()")]] MessagePtr get(OpCode opCode, std::string_view body) const {
        return newMessage(opCode, body);
    }
    asio::any_io_executor executor() const;
    /// The same, under the names that Asio looks for.
    using executor_type = asio::any_io_executor;
    executor_type get_executor() const { return executor(); }
    asio::awaitable<void> sleep(Timeout duration) const;

    /// False after a move from it.
    explicit operator bool() const noexcept { return core_ != nullptr; }

private:
    const std::shared_ptr<detail::ReconnectCore>& core() const;

    std::shared_ptr<detail::ReconnectCore> core_;
};

/// The same as a function, as for a Peer.
[[nodiscard]] inline asio::awaitable<StreamReader> requestStream(const ReconnectingPeer& link,
                                                                 MessagePtr request,
                                                                 Timeout timeout = infinite) {
    return link.requestStream(std::move(request), timeout);
}

}  // namespace tempeh::flows

#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/core/ampe.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/flows/backoff.hpp>
#include <tempeh/flows/detail/token_forms.hpp>
#include <tempeh/flows/heartbeat.hpp>
#include <tempeh/flows/peer.hpp>
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

/// What becomes of a request that was sent and not answered when the connection was lost: the server may have
/// carried it out or not.
enum class Unanswered : std::uint8_t {
    Fail,       ///< request() throws Error(ChannelClosed); the caller knows best.
    SendAgain,  ///< Sent again, with the same id, on the next connection: at least once, not exactly once.
};

/// What the link of a ReconnectingPeer is doing; Closed is its end.
enum class LinkState : std::uint8_t { Connecting, Connected, Closed };

/// Completes each HelloRequest before it is sent, for example with a fresh token. Called beside the sockets.
/// What it throws is logged and fails that attempt; the next one calls it again.
using HelloHook = std::function<void(Message& hello)>;

/// How to stay connected. An aggregate for designated initialisers. A field out of its range makes the
/// constructor throw Error(InvalidOption).
struct ReconnectOptions {
    /// Between attempts, and before the first one after a loss. Begins anew once a connection has lasted at
    /// least as long as the next pause would be: a server that lets everybody in and closes at once is tried
    /// less and less often, too.
    Backoff backoff = {};
    /// For one attempt, until the hello is answered. Each resolves the name anew. 1 ms and up.
    Timeout attemptTimeout = std::chrono::seconds(10);
    Unanswered unanswered = Unanswered::Fail;
    /// Text headers and body of every HelloRequest; copied by the constructor.
    std::span<const TextHeader> headers = {};
    std::string_view body = {};
    HelloHook prepareHello = nullptr;
    /// Go on trying also when the server says no; else that is the end.
    bool retryRefused = false;
    /// Finds out that a connection is there in name only (a cable is out, a machine stands still), which TCP
    /// tells after many minutes or never: after `silence` without a sign of the other side it counts as lost.
    /// Both 0: nobody watches.
    HeartbeatOptions heartbeat = {.interval = Duration::zero(), .silence = Duration::zero()};
};

/// Counters of a ReconnectingPeer. Every request ends as exactly one of answered, timedOut, failed.
struct ReconnectCounters {
    std::uint64_t connects = 0;        ///< Connections made.
    std::uint64_t losses = 0;          ///< Connections that ended by themselves.
    std::uint64_t failedAttempts = 0;  ///< To connect.
    std::uint64_t requests = 0;        ///< Sent or tried.
    std::uint64_t answered = 0;        ///< Their Response was delivered.
    std::uint64_t timedOut = 0;        ///< Gave null.
    std::uint64_t failed = 0;          ///< Threw.
    /// Requests and signals that went to a connection a second time, or more often.
    std::uint64_t sentAgain = 0;
    /// Why the last attempt to connect failed, or the last connection was lost: to whom and the cause, for
    /// people. Empty: nothing has failed yet.
    std::string lastFailure = {};
};

/// A peer that is connected again whenever its connection is lost, until closed. A cheap handle; copies share
/// the link, destroying the last closes it (as Peer). Any thread, any executor; one receive() at a time.
/// Every operation also takes a completion token, as those of Peer.
///
/// One that was moved from is empty: every call but assignment throws Error(InvalidChannelGroup).
///
/// Nothing is lost silently. What provably never left this process (waiting for a connection, or given back
/// by the engine) goes to the next connection, signals first and in order; what was sent and not answered is
/// failed or sent again, see Unanswered; what can be neither (an answer to a lost request, a part of a
/// stream) comes back through receive(). A signal that was written to the socket when the server died is
/// gone: signals have no answer by which to tell.
class TEMPEH_EXPORT ReconnectingPeer : public detail::TokenForms<ReconnectingPeer> {
public:
    // With a completion token.
    using detail::TokenForms<ReconnectingPeer>::send;
    using detail::TokenForms<ReconnectingPeer>::receive;
    using detail::TokenForms<ReconnectingPeer>::request;
    using detail::TokenForms<ReconnectingPeer>::respond;
    using detail::TokenForms<ReconnectingPeer>::close;
    using detail::TokenForms<ReconnectingPeer>::sleep;

    /// Begins to connect at once. The engine must outlive every call but destruction. Errors: as connect() at
    /// once.
    ReconnectingPeer(Ampe& engine, const Address& address, ReconnectOptions options = {});

    /// As Peer::request; waits for a connection first, all within `timeout`. Null at the timeout. Throws
    /// Error: ChannelClosed (unanswered, see Unanswered; or closed), or why no more attempts are made.
    [[nodiscard]] asio::awaitable<MessagePtr> request(MessagePtr message, Timeout timeout = infinite) const;
    [[nodiscard]] asio::awaitable<MessagePtr> request(MessagePtr message, Timeout timeout,
                                                      SignalHandler onSignal) const;
    /// As Peer::send, for signals; waits for a connection and for room.
    [[nodiscard]] asio::awaitable<void> send(MessagePtr message) const;
    /// The same with a limit: false when there was no connection with room by then, and it was not sent.
    [[nodiscard]] asio::awaitable<bool> send(MessagePtr message, Duration timeout) const;
    /// As Peer::trySend; false also while there is no connection. Throws the end.
    bool trySend(MessagePtr&& message) const;
    /// Answers a received request, on the connection it came from: ChannelClosed when that is lost.
    [[nodiscard]] asio::awaitable<void> respond(MessagePtr request) const;

    /// As Peer::receive, with the states of the link in their places: a HelloResponse (the server's, or an
    /// empty one) when connected, a Signal from the engine with status ChannelClosed and `~reason` when lost.
    /// Of losses in a row that nobody has received, with nothing else between them, the last is told. The end
    /// (closed, Refused, engine shut down) is thrown.
    [[nodiscard]] asio::awaitable<MessagePtr> receive(Timeout timeout = infinite) const;
    /// The same without exceptions, as that of Peer; endReason() says in words why there are no more
    /// attempts.
    [[nodiscard]] asio::awaitable<MessagePtr> receive(Timeout timeout, error_code& ec) const;

    /// Completes with true when connected (at once when it is), false at the timeout. Throws the end.
    [[nodiscard]] asio::awaitable<bool> connected(Timeout timeout = infinite) const;
    /// The same with a completion token for void(error_code, bool).
    template <detail::FlowToken<bool> Token>
    auto connected(Timeout timeout, Token&& token) const {
        return detail::asyncFlow<bool>(
            *this, [peer = *this, timeout]() mutable { return peer.connected(timeout); },
            std::forward<Token>(token));
    }

    /// Says bye if connected, ends all attempts, and waits for that. The peer's ByeResponse, if there is one.
    [[nodiscard]] asio::awaitable<MessagePtr> close(MessagePtr bye = nullptr) const;

    /// Snapshots.
    LinkState state() const;
    std::string endReason() const;
    ReconnectCounters counters() const;
    /// As the same calls of Peer.
    MessagePtr newMessage(OpCode opCode = OpCode::Request) const;
    MessagePtr newMessage(OpCode opCode, std::string_view body) const;
    /// What newMessage() was called. Deprecated; goes with 0.3.
    [[deprecated("use newMessage()")]] MessagePtr get(OpCode opCode = OpCode::Request) const {
        return newMessage(opCode);
    }
    [[deprecated("use newMessage()")]] MessagePtr get(OpCode opCode, std::string_view body) const {
        return newMessage(opCode, body);
    }
    asio::any_io_executor executor() const;
    /// The same, by the names that Asio looks for.
    using executor_type = asio::any_io_executor;
    executor_type get_executor() const { return executor(); }
    asio::awaitable<void> sleep(Timeout duration) const;

    /// False when it was moved from.
    explicit operator bool() const noexcept { return core_ != nullptr; }

private:
    const std::shared_ptr<detail::ReconnectCore>& core() const;

    std::shared_ptr<detail::ReconnectCore> core_;
};

}  // namespace tempeh::flows

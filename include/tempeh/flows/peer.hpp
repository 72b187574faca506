#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/core/ampe.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/core/channel_info.hpp>
#include <tempeh/flows/detail/flow_operation.hpp>
#include <tempeh/flows/peer_counters.hpp>
#include <tempeh/flows/trace_context.hpp>
#include <tempeh/message/message.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace tempeh::flows {

namespace detail {
class PeerState;
}

/// Sees the progress signals of one request, on the requester's executor.
using SignalHandler = std::function<void(const Message& signal)>;

/// One open channel as an object: requests find their answers, everything else arrives in order. A cheap
/// handle; copies share the channel, and destroying the last of them closes it (what was sent before still
/// goes out, then a bye; nobody waits for it).
///
/// Every call may come from any thread and any executor; coroutines beside the sockets (executor()) get their
/// answers without a switch of threads. Any number of requests may wait at one time; one receive().
///
/// Every operation also takes a completion token as its last argument: void(error_code, result), or
/// void(error_code) without one. The handler's executor and cancellation slot are honoured; a handler without
/// an executor runs on executor(). The operation starts when it is initiated, and costs a coroutine more than
/// use_awaitable does. What an operation would throw is the code: ProcessingFailed for an exception of the
/// application's, InvalidChannelNumber for an empty handle. endReason() has the words.
///
/// What all operations throw: Error with ChannelClosed once the channel has ended (what() says why),
/// ShutdownStarted when the engine ends, and operation_aborted when the coroutine is cancelled (all three
/// types of cancellation). The engine must outlive every call but destruction and abort().
class TEMPEH_EXPORT Peer {
public:
    /// No channel, as one that was moved from: every call throws Error(InvalidChannelNumber), but for
    /// assignment, comparison, the operator, isOpen() (false), and abort(), which does nothing.
    Peer() noexcept = default;
    /// For the other parts of this library.
    explicit Peer(std::shared_ptr<detail::PeerState> state) noexcept;

    /// Sends a message in order; waits for room in the send queue, so never SendQueueFull. Its channel number
    /// is set here, an id where it has none. Completes when the engine has it, not when the peer has.
    /// Cancellation before that: the message is not sent. Errors also: those of ChannelGroup::post for what
    /// is wrong with it; InvalidOpCode for a HelloRequest and what else opens a channel.
    asio::awaitable<void> send(MessagePtr message) const;
    /// The same with a limit to the wait for room: false when there was none by then, and the message was not
    /// sent. The limit is for this side's queue alone.
    asio::awaitable<bool> send(MessagePtr message, Timeout timeout) const;
    /// The same with a completion token for void(error_code).
    template <detail::FlowToken<void> Token>
    auto send(MessagePtr message, Token&& token) const {
        return detail::asyncFlow<void>(
            *this,
            [peer = *this, message = std::move(message)]() mutable { return peer.send(std::move(message)); },
            std::forward<Token>(token));
    }
    /// The same with a completion token for void(error_code, bool).
    template <detail::FlowToken<bool> Token>
    auto send(MessagePtr message, Timeout timeout, Token&& token) const {
        return detail::asyncFlow<bool>(
            *this,
            [peer = *this, message = std::move(message), timeout]() mutable {
                return peer.send(std::move(message), timeout);
            },
            std::forward<Token>(token));
    }
    /// Sends it now or not at all: false when the send queue is full. Then, and when it throws, the caller
    /// keeps the message. Never waits, allocates nothing; from any thread. Errors as send().
    bool trySend(MessagePtr&& message) const;

    /// The next Request or Signal of the other side that nobody else waits for, and its ByeRequest (answer it
    /// with respond(); dropped, the engine answers; one that came before the first receive() the engine has
    /// answered already). Null at the timeout. Cancellation and timeout never lose a message. One receiver at
    /// a time (a second: NotAllowed).
    /// ChannelClosed comes after everything received before the end.
    ///
    /// What is not received holds up this channel alone: beyond a share of the pool it is not read, unless
    /// somebody waits for something else that is to come through it (an answer, a part of a stream). Then it
    /// is read on, up to 128 MiB, and closed beyond that. As long as nobody has called this, Signals that no
    /// request of this side wants are kept up to a bound, and then dropped and counted (droppedSignals).
    asio::awaitable<MessagePtr> receive(Timeout timeout = infinite) const;
    /// The same without exceptions: null with `ec` at the end (endReason() says why in words), null without
    /// at the timeout. The form for `||`, which waits for the first operand that succeeds and so would wait
    /// for the other one when a receive throws. `ec` must live until then.
    asio::awaitable<MessagePtr> receive(Timeout timeout, error_code& ec) const;
    /// The same with a completion token for void(error_code, MessagePtr).
    template <detail::FlowToken<MessagePtr> Token>
    auto receive(Timeout timeout, Token&& token) const {
        return detail::asyncFlow<MessagePtr>(
            *this, [peer = *this, timeout]() mutable { return peer.receive(timeout); },
            std::forward<Token>(token));
    }
    /// The same with a completion token for void(error_code, MessagePtr).
    template <detail::FlowToken<MessagePtr> Token>
    auto receive(Token&& token) const {
        return receive(infinite, std::forward<Token>(token));
    }

    /// Sends a Request and gives the Response with its id; any number may be in flight. Null at the timeout
    /// (which covers waiting for room): the channel lives on, an answer that comes later is dropped and
    /// counted. The message's own id is kept if it has one; InvalidMessageId when that is in flight already.
    /// InvalidOpCode for anything but a Request.
    /// An answer in several parts (hasMore()) gives its first part here; requestStream() gives all.
    /// When the request provably never left: Error with the status it came back with. Steady state: no
    /// allocation.
    asio::awaitable<MessagePtr> request(MessagePtr message, Timeout timeout = infinite) const;

    /// The same; `onSignal` gets every Signal with the request's id meanwhile. What it throws ends the
    /// request. Signals put the timeout off for no longer than one call of it: what has come and was not
    /// shown by then is dropped.
    asio::awaitable<MessagePtr> request(MessagePtr message, Timeout timeout, SignalHandler onSignal) const;
    /// The same with a completion token for void(error_code, MessagePtr).
    template <detail::FlowToken<MessagePtr> Token>
    auto request(MessagePtr message, Timeout timeout, Token&& token) const {
        return detail::asyncFlow<MessagePtr>(
            *this,
            [peer = *this, message = std::move(message), timeout]() mutable {
                return peer.request(std::move(message), timeout);
            },
            std::forward<Token>(token));
    }
    /// The same with a completion token for void(error_code, MessagePtr).
    template <detail::FlowToken<MessagePtr> Token>
    auto request(MessagePtr message, Token&& token) const {
        return request(std::move(message), infinite, std::forward<Token>(token));
    }
    /// The same with a completion token for void(error_code, MessagePtr).
    template <detail::FlowToken<MessagePtr> Token>
    auto request(MessagePtr message, Timeout timeout, SignalHandler onSignal, Token&& token) const {
        return detail::asyncFlow<MessagePtr>(
            *this,
            [peer = *this, message = std::move(message), timeout, onSignal = std::move(onSignal)]() mutable {
                return peer.request(std::move(message), timeout, std::move(onSignal));
            },
            std::forward<Token>(token));
    }

    /// Sends the answer to a received Request (ByeRequest) as what is now in the message: headers and body as
    /// the caller left them, opcode Response (ByeResponse), same id; nothing is copied. Errors also:
    /// InvalidOpCode for anything that cannot be answered, InvalidChannelNumber for what another peer sent.
    asio::awaitable<void> respond(MessagePtr request) const;

    /// The same with this body, without the request's text headers; `status` is the application's own.
    asio::awaitable<void> respond(MessagePtr request, std::string_view body, std::uint8_t status = 0) const;
    /// The same with a completion token for void(error_code).
    template <detail::FlowToken<void> Token>
    auto respond(MessagePtr request, Token&& token) const {
        return detail::asyncFlow<void>(
            *this,
            [peer = *this, request = std::move(request)]() mutable {
                return peer.respond(std::move(request));
            },
            std::forward<Token>(token));
    }
    /// The same with a completion token for void(error_code).
    template <detail::FlowToken<void> Token>
    auto respond(MessagePtr request, std::string_view body, std::uint8_t status, Token&& token) const {
        return detail::asyncFlow<void>(
            *this,
            [peer = *this, request = std::move(request), body = std::string(body), status]() mutable {
                return peer.respond(std::move(request), body, status);
            },
            std::forward<Token>(token));
    }

    /// Says bye after everything sent before, and waits until the channel has ended (Options::byeTimeout at
    /// most). `bye`: a message whose text headers and body go with the ByeRequest. Gives the peer's
    /// ByeResponse; null when the channel ended without one. Requests in flight may still be answered
    /// meanwhile.
    asio::awaitable<MessagePtr> close(MessagePtr bye = nullptr) const;
    /// The same with a completion token for void(error_code, MessagePtr).
    template <detail::FlowToken<MessagePtr> Token>
    auto close(MessagePtr bye, Token&& token) const {
        return detail::asyncFlow<MessagePtr>(
            *this, [peer = *this, bye = std::move(bye)]() mutable { return peer.close(std::move(bye)); },
            std::forward<Token>(token));
    }
    /// The same with a completion token for void(error_code, MessagePtr).
    template <detail::FlowToken<MessagePtr> Token>
    auto close(Token&& token) const {
        return close(MessagePtr(), std::forward<Token>(token));
    }

    /// Ends the channel at once; what was not sent is dropped and counted as returned. Never waits or throws.
    void abort() const noexcept;

    /// A snapshot; after the end the last one known, with state Closed. Takes a lock and allocates.
    ChannelInfo info() const;
    /// A snapshot, after the end the last one.
    PeerCounters counters() const;
    /// False from when calls that send throw ChannelClosed, or ShutdownStarted because the engine shuts down;
    /// both may be a moment before info() says so. What arrived before can still be received. Any thread, no
    /// lock.
    bool isOpen() const noexcept;
    /// Why the channel ended, in words; empty before.
    std::string endReason() const;
    /// Its number in this engine.
    ChannelNumber channel() const;

    /// What the other side said hello with: the server's HelloResponse at a client, the client's HelloRequest
    /// at a server. Null when there was none (a server may skip it). Lives as long as the handles do.
    const Message* hello() const;

    /// A message of the engine's pool, for this peer.
    MessagePtr newMessage(OpCode opCode = OpCode::Request) const;
    /// The same with a body.
    MessagePtr newMessage(OpCode opCode, std::string_view body) const;
    /// What newMessage() was called. Deprecated; goes with 0.3.
    [[deprecated("use newMessage()")]] MessagePtr get(OpCode opCode = OpCode::Request) const {
        return newMessage(opCode);
    }
    [[deprecated("use newMessage()")]] MessagePtr get(OpCode opCode, std::string_view body) const {
        return newMessage(opCode, body);
    }

    /// A handle to the same channel whose messages carry this trace context, those excepted that have one.
    Peer traced(const TraceContext& context) const;
    /// The same for what is sent while handling `request`: its trace, one step further. As this handle when
    /// the request has no trace.
    Peer traced(const Message& request) const;

    /// The executor beside the sockets.
    asio::any_io_executor executor() const;
    /// The same, by the names that Asio looks for.
    using executor_type = asio::any_io_executor;
    executor_type get_executor() const { return executor(); }
    /// Waits that long in the engine's time.
    asio::awaitable<void> sleep(Timeout duration) const;
    /// The same with a completion token for void(error_code).
    template <detail::FlowToken<void> Token>
    auto sleep(Timeout duration, Token&& token) const {
        return detail::asyncFlow<void>(
            *this, [peer = *this, duration]() mutable { return peer.sleep(duration); },
            std::forward<Token>(token));
    }

    /// False without a channel.
    explicit operator bool() const noexcept { return state_ != nullptr; }
    /// The same channel.
    friend bool operator==(const Peer& a, const Peer& b) noexcept { return a.state_ == b.state_; }

    /// For the other parts of this library.
    const std::shared_ptr<detail::PeerState>& state() const;
    /// For the other parts of this library: puts the trace context of this handle on it. Throws
    /// std::bad_alloc.
    void mark(Message& message) const;

private:
    MessagePtr marked(MessagePtr message) const;

    std::shared_ptr<detail::PeerState> state_;
    std::shared_ptr<const TraceContext> trace_;
};

}  // namespace tempeh::flows

#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/core/ampe.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/core/channel_info.hpp>
#include <tempeh/flows/detail/token_forms.hpp>
#include <tempeh/flows/peer_counters.hpp>
#include <tempeh/flows/trace_context.hpp>
#include <tempeh/message/message.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace tempeh::flows {

namespace detail {
class PeerAccess;
class PeerState;
}  // namespace detail

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
class TEMPEH_EXPORT Peer : public detail::TokenForms<Peer> {
public:
    // With a completion token.
    using detail::TokenForms<Peer>::send;
    using detail::TokenForms<Peer>::receive;
    using detail::TokenForms<Peer>::request;
    using detail::TokenForms<Peer>::respond;
    using detail::TokenForms<Peer>::close;
    using detail::TokenForms<Peer>::sleep;

    /// No channel, as one that was moved from: every call throws Error(InvalidChannelNumber), but for
    /// assignment, comparison, the operator, isOpen() (false), and abort(), which does nothing.
    Peer() noexcept = default;

    /// Sends a message in order; waits for room in the send queue, so never SendQueueFull. Its channel number
    /// is set here, an id where it has none. Completes when the engine has it, not when the peer has.
    /// Cancellation before that: the message is not sent. Errors also: those of ChannelGroup::post for what
    /// is wrong with it; InvalidOpCode for a HelloRequest and what else opens a channel.
    asio::awaitable<void> send(MessagePtr message) const;
    /// The same with a limit to the wait for room: false when there was none by then, and the message was not
    /// sent. The limit is for this side's queue alone.
    asio::awaitable<bool> send(MessagePtr message, Timeout timeout) const;
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

    /// Sends the answer to a received Request (ByeRequest) as what is now in the message: headers and body as
    /// the caller left them, opcode Response (ByeResponse), same id; nothing is copied. Errors also:
    /// InvalidOpCode for anything that cannot be answered, InvalidChannelNumber for what another peer sent.
    asio::awaitable<void> respond(MessagePtr request) const;

    /// The same with this body, without the request's text headers; `status` is the application's own.
    asio::awaitable<void> respond(MessagePtr request, std::string_view body, std::uint8_t status = 0) const;
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

    /// False without a channel.
    explicit operator bool() const noexcept { return state_ != nullptr; }
    /// The same channel.
    friend bool operator==(const Peer& a, const Peer& b) noexcept { return a.state_ == b.state_; }

private:
    friend class detail::PeerAccess;

    explicit Peer(std::shared_ptr<detail::PeerState> state) noexcept;

    const std::shared_ptr<detail::PeerState>& state() const;
    void mark(Message& message) const;
    MessagePtr marked(MessagePtr message) const;

    std::shared_ptr<detail::PeerState> state_;
    std::shared_ptr<const TraceContext> trace_;
};

}  // namespace tempeh::flows

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

/// One open channel as an object. Requests get their answers; everything else arrives in order through
/// receive(). A cheap handle: copies share the channel, and destroying the last copy closes it. Messages sent
/// before that still go out, followed by a bye, and nothing waits for them.
///
/// Threads: any thread and any executor may call everything. Coroutines on executor() get their answers
/// without a thread switch. Any number of requests may wait at once, and one receive(). The engine must
/// outlive every call except destruction and abort(). An operation that has started keeps the channel open
/// until it completes: a handle may be moved or destroyed while operations wait.
///
/// Tokens: every operation also takes a completion token as its last argument, for void(error_code, result)
/// or void(error_code). The operation honours the handler's associated executor and cancellation slot. A
/// handler without an executor runs on executor(). The operation does not use the associated allocator: its
/// memory is that of Asio's coroutines, which Asio recycles per thread. It starts when it is initiated, and
/// costs one coroutine more than with use_awaitable. The error_code is that of the exception the operation
/// would throw; ProcessingFailed stands for an exception of the application's own, InvalidChannelNumber for
/// an empty handle. endReason() has the words.
///
/// Errors: every operation throws Error(ChannelClosed) once the channel has ended (what() says why),
/// Error(ShutdownStarted) when the engine ends, and Error(operation_aborted) when the coroutine is cancelled,
/// with any type of cancellation.
class TEMPEH_EXPORT Peer : public detail::TokenForms<Peer> {
public:
    // With a completion token.
    using detail::TokenForms<Peer>::send;
    using detail::TokenForms<Peer>::receive;
    using detail::TokenForms<Peer>::request;
    using detail::TokenForms<Peer>::respond;
    using detail::TokenForms<Peer>::close;
    using detail::TokenForms<Peer>::sleep;

    /// An empty handle, as after a move. Every call throws Error(InvalidChannelNumber), with these
    /// exceptions: assignment, comparison, operator bool, isOpen() (false) and abort() (does nothing).
    Peer() noexcept = default;

    /// Sends a message, in order. Waits for room in the send queue, so it never fails with SendQueueFull.
    /// Sets the channel number, and an id if the message has none. Completes when the engine has the message,
    /// not when the peer does. A message whose send is cancelled before that is not sent. Further errors:
    /// those of ChannelGroup::post() for an invalid message; InvalidOpCode for a HelloRequest or another
    /// message that opens a channel.
    asio::awaitable<void> send(MessagePtr message) const;
    /// The same, waiting no longer than `timeout` for room. Returns false if there is no room in time; then
    /// the message was not sent. The limit concerns this side's send queue only.
    asio::awaitable<bool> send(MessagePtr message, Timeout timeout) const;
    /// Sends the message now or not at all. Returns false if the send queue is full. The caller then keeps
    /// the message, as it does when this throws. Never waits and never allocates. Any thread. Errors as
    /// send().
    bool trySend(MessagePtr&& message) const;

    /// Returns the next message that nothing else waits for: a Request or Signal, or the peer's ByeRequest.
    /// Returns null at the timeout. Answer a ByeRequest with respond(); if it is dropped, the engine answers.
    /// The engine has already answered one that came before the first receive(). Cancellation and timeout
    /// never lose a message. One receiver at a time; a second gets NotAllowed. ChannelClosed comes after
    /// everything that arrived before the end.
    ///
    /// Messages that are not received hold up this channel only. When they exceed a share of the pool, the
    /// channel is no longer read, unless something waits for other messages on it (an answer, a part of a
    /// stream). Then reading continues up to 128 MiB, beyond which the channel is closed. Until receive() is
    /// called for the first time, Signals that no request on this side wants are kept up to a bound, and then
    /// dropped and counted (droppedSignals).
    asio::awaitable<MessagePtr> receive(Timeout timeout = infinite) const;
    /// The same without exceptions. At the end of the channel it returns null and sets `ec` (endReason() has
    /// the words); at the timeout it returns null and clears `ec`. Use this form with `||`: that waits for
    /// the first operand that succeeds, so if receive() threw it would go on waiting for the other one. `ec`
    /// must live until this completes.
    asio::awaitable<MessagePtr> receive(Timeout timeout, error_code& ec) const;

    /// Sends a Request and returns the Response with the same id. Any number may be in flight. Returns null
    /// at the timeout, which includes the wait for room. The channel stays open after a timeout; a late
    /// answer is dropped and counted. A message that has an id keeps it; InvalidMessageId if that id is
    /// already in flight. InvalidOpCode for anything but a Request. If the answer has several parts
    /// (hasMore()), this returns the first; requestStream() returns all of them. If the request provably was
    /// not sent, throws Error with the status it came back with. No allocation in steady state.
    asio::awaitable<MessagePtr> request(MessagePtr message, Timeout timeout = infinite) const;

    /// The same, calling `onSignal` for every Signal with the request's id until the answer arrives. An
    /// exception from `onSignal` ends the request. Signals cannot put off the timeout by more than one call
    /// of `onSignal`: Signals not shown by then are dropped.
    asio::awaitable<MessagePtr> request(MessagePtr message, Timeout timeout, SignalHandler onSignal) const;

    /// Turns a received Request or ByeRequest into its answer and sends it: headers and body as the caller
    /// left them, opcode Response or ByeResponse, the same id. Nothing is copied. Further errors:
    /// InvalidOpCode for a message that cannot be answered, InvalidChannelNumber for one that another peer
    /// sent.
    asio::awaitable<void> respond(MessagePtr request) const;

    /// The same with this body and without the request's text headers. `status` is the application's own.
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

    /// Says bye after everything that was sent before, and waits until the channel has ended, for
    /// Options::byeTimeout at most. The text headers and body of `bye` go with the ByeRequest. Returns the
    /// peer's ByeResponse, null if the channel ended without one. Requests in flight may still be answered.
    asio::awaitable<MessagePtr> close(MessagePtr bye = nullptr) const;

    /// Stops reading this channel until resumeReading(), so that its peer is slowed down; other channels go
    /// on. What has arrived can still be received; soon nothing more arrives, answers included. The peer's
    /// silence does not count against it meanwhile, and its end is not noticed unless a write fails. One
    /// resumeReading() ends any number of pauses, and close() does as well. Any thread.
    void pauseReading() const;
    void resumeReading() const;

    /// Ends the channel at once. Messages not yet sent are dropped and counted as returned. Never waits,
    /// never throws.
    void abort() const noexcept;

    /// A snapshot. After the end it is the last known one, with state Closed. Takes a lock and allocates.
    ChannelInfo info() const;
    /// A snapshot; after the end, the last one.
    PeerCounters counters() const;
    /// False once sending throws ChannelClosed, or ShutdownStarted because the engine shuts down. Either may
    /// happen shortly before info() shows it. Messages that arrived before can still be received. Any thread;
    /// takes no lock.
    bool isOpen() const noexcept;
    /// Why the channel ended, in words. Empty before the end.
    std::string endReason() const;
    /// The channel's number in this engine.
    ChannelNumber channel() const;

    /// The peer's hello: at a client the server's HelloResponse, at a server the client's HelloRequest. Null
    /// if there was none, since a server may skip it. Valid while a handle to the channel lives.
    const Message* hello() const;

    /// Returns a message from the engine's pool, for this peer.
    MessagePtr newMessage(OpCode opCode = OpCode::Request) const;
    /// The same with a body.
    MessagePtr newMessage(OpCode opCode, std::string_view body) const;
    /// The former name of newMessage(). Deprecated; removed in 0.3.
    [[deprecated("use newMessage()")]] MessagePtr get(OpCode opCode = OpCode::Request) const {
        return newMessage(opCode);
    }
    [[deprecated("use newMessage()")]] MessagePtr get(OpCode opCode, std::string_view body) const {
        return newMessage(opCode, body);
    }

    /// Returns a handle to the same channel that adds this trace context to the messages it sends, except to
    /// those that already have one.
    Peer traced(const TraceContext& context) const;
    /// The same for what is sent while handling `request`: its trace, one step further. Returns a copy of
    /// this handle if the request has no trace.
    Peer traced(const Message& request) const;

    /// Returns a handle to the same channel whose requests tell the peer, in a text header, how much time
    /// they have, and let it know when this side gives up: at the timeout, or when the coroutine is
    /// cancelled. A Router at the other end then cancels the handler; any other peer, tofu included, may
    /// ignore both. Costs a text header for each request, and a Signal for each that ends without an answer.
    Peer timed() const;

    /// The engine's executor: coroutines on it exchange messages without a thread switch.
    asio::any_io_executor executor() const;
    /// The same, under the names that Asio looks for.
    using executor_type = asio::any_io_executor;
    executor_type get_executor() const { return executor(); }
    /// Waits for `duration` of the engine's time.
    asio::awaitable<void> sleep(Timeout duration) const;

    /// False for an empty handle.
    explicit operator bool() const noexcept { return state_ != nullptr; }
    /// True if both share one channel.
    friend bool operator==(const Peer& a, const Peer& b) noexcept { return a.state_ == b.state_; }

private:
    friend class detail::PeerAccess;

    explicit Peer(std::shared_ptr<detail::PeerState> state) noexcept;

    const std::shared_ptr<detail::PeerState>& state() const;
    void mark(Message& message) const;
    MessagePtr marked(MessagePtr message) const;
    /// No longer than this handle's own deadline.
    Timeout limited(Timeout timeout) const;

    std::shared_ptr<detail::PeerState> state_;
    std::shared_ptr<const TraceContext> trace_;
    TimePoint deadline_ = TimePoint::max();
    bool isTimed_ = false;
};

}  // namespace tempeh::flows

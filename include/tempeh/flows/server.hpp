#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/core/ampe.hpp>
#include <tempeh/core/reactor_group.hpp>
#include <tempeh/flows/broadcast.hpp>
#include <tempeh/flows/detail/flow_operation.hpp>
#include <tempeh/flows/server_options.hpp>
#include <tempeh/wire/address.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempeh::flows {

namespace detail {
class ServerCore;
}

/// Listens at any number of addresses, TCP and Unix sockets alike, and runs one coroutine per client. Any
/// thread. Destroying it stops listening, aborts the peers that are still served, and cancels their handlers.
/// It then waits for the handlers, five seconds at most; it does not wait on the engine's own thread or on a
/// thread that runs handlers.
///
/// Every operation also takes a completion token, as those of Peer do. With one, the Server must stay where
/// it is until the operation completes.
class TEMPEH_EXPORT Server {
public:
    /// Starts to listen at once; clients are accepted once serve() runs. The engine must outlive every call
    /// except destruction. Throws Error for an address that is malformed or a client's. The calls below
    /// report an address that cannot be bound.
    Server(Ampe& engine, std::vector<Address> addresses, ServerOptions options = {});
    /// The same on several engines: the first listens and hands each client to the engine with the fewest
    /// channels, where its handler runs (unless ServerOptions::executor says otherwise). Handlers, the accept
    /// hook and onFailure may therefore run on several threads at the same time. Limits, counters,
    /// addresses() and stop() are those of the whole; executor() is the first engine's. `reactors` must
    /// outlive every call but destruction.
    Server(ReactorGroup& reactors, std::vector<Address> addresses, ServerOptions options = {});
    /// Leaves an empty handle: every call except assignment throws Error(InvalidChannelGroup).
    Server(Server&&) noexcept;
    /// The server held before ends as if destroyed.
    Server& operator=(Server&&) noexcept;
    ~Server();

    /// The addresses that were bound, in the order given, with ports and paths resolved; flows::connect()
    /// accepts them as they are. Waits up to `timeout` until every listener has answered. On the engine's own
    /// thread, where nothing may block, throws Error(NotAllowed) if one has not (co_await listening() first).
    /// Throws Error with the address when one cannot be bound: ListenFailed (also at the timeout, for example
    /// when nothing runs the engine's context), UdsPathNotFound and others.
    std::vector<Address> addresses(Timeout timeout = std::chrono::seconds(10)) const;

    /// Completes when every listener is bound. Errors as addresses().
    [[nodiscard]] asio::awaitable<void> listening() const;
    /// The same with a completion token for void(error_code).
    template <detail::FlowToken<void> Token>
    auto listening(Token&& token) const {
        return detail::asyncFlow<void>(
            *this, [this]() mutable { return listening(); }, std::forward<Token>(token));
    }

    /// Runs `handler` for every client until stop() or the engine's end, and completes when the last handler
    /// has ended. An exception in a handler aborts that peer only; it is counted, logged, and passed to
    /// onFailure. The end of the channel or of the server (ChannelClosed, ShutdownStarted, operation_aborted)
    /// does not count as a failure. Call it once: the second call gets NotAllowed. Errors as listening();
    /// they are logged too, and then no listener stays open. Cancellation stops serve() only: no further
    /// clients are accepted, and handlers go on until stop(). With GCC 12, give a handler that captures by
    /// value a name before the co_await.
    [[nodiscard]] asio::awaitable<void> serve(Handler handler);
    /// The same with a completion token for void(error_code).
    template <detail::FlowToken<void> Token>
    auto serve(Handler handler, Token&& token) {
        return detail::asyncFlow<void>(
            *this, [this, handler = std::move(handler)]() mutable { return serve(std::move(handler)); },
            std::forward<Token>(token));
    }

    /// Stops listening and lets the handlers finish: receive() of every peer throws ShutdownStarted once it
    /// has returned what had arrived. Returns true when all handlers have ended. At `deadline` (from now) it
    /// aborts the remaining peers and cancels their handlers, whatever they wait for. It then returns false
    /// as soon as they have ended, at most a second later. A handler that ignores cancellation, or blocks, is
    /// named in the log and by served(). Clients that were not yet looked at are closed without an answer, so
    /// that they try elsewhere. Any number of callers. A handler of this server may call it and is then not
    /// waited for.
    [[nodiscard]] asio::awaitable<bool> stop(Timeout deadline);
    /// The same with a completion token for void(error_code, bool).
    template <detail::FlowToken<bool> Token>
    auto stop(Timeout deadline, Token&& token) {
        return detail::asyncFlow<bool>(
            *this, [this, deadline]() mutable { return stop(deadline); }, std::forward<Token>(token));
    }

    /// The peers being served now, in the order they were accepted on each engine; Peer::info() has their
    /// addresses. A snapshot. Any thread; takes a lock for each peer. A handle that is kept keeps its channel
    /// open.
    std::vector<Peer> peers() const;

    /// Sends a copy of `signal` to every peer, or to those that `filter` returns true for, and never waits. A
    /// peer whose send queue is full does not get it; the result names those. The signal's channel number is
    /// ignored; without an id each copy gets one. Any thread. Copies the message and takes a lock for each
    /// peer. Errors: InvalidOpCode for anything but a Signal, InvalidMoreUsage for a part of a stream, and
    /// those of ChannelGroup::post() for an invalid message; then nobody got it.
    Broadcast broadcast(const Message& signal, const PeerFilter& filter = nullptr) const;

    /// Says bye to a peer of this server, after everything that was sent to it before. The reason goes with
    /// the bye, in a text header `~reason`: the client finds it in Peer::endReason() and in what its
    /// operations throw. The handler's receive() throws ChannelClosed once the client has answered, after
    /// Options::byeTimeout at the latest. Never waits. Does nothing if bye was said or the channel has ended.
    /// Any thread. Errors: InvalidChannelGroup for a peer of another server, InvalidMessage for a reason
    /// that cannot be a text header.
    void close(const Peer& peer, std::string_view reason) const;

    /// A snapshot.
    ServerCounters counters() const;
    /// The clients being served now, one line each with the peer's address. After stop() returned false:
    /// those whose handlers did not end.
    std::vector<std::string> served() const;
    /// The engine's executor.
    asio::any_io_executor executor() const;
    /// The same, under the names that Asio looks for.
    using executor_type = asio::any_io_executor;
    executor_type get_executor() const { return executor(); }

    /// False after a move from it.
    explicit operator bool() const noexcept { return !cores_.empty(); }

private:
    void release() noexcept;
    const std::vector<std::shared_ptr<detail::ServerCore>>& cores() const;

    std::vector<std::shared_ptr<detail::ServerCore>> cores_;  // one for each engine, the listening one first
};

}  // namespace tempeh::flows

#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/core/ampe.hpp>
#include <tempeh/core/reactor_group.hpp>
#include <tempeh/flows/detail/flow_operation.hpp>
#include <tempeh/flows/server_options.hpp>
#include <tempeh/wire/address.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tempeh::flows {

namespace detail {
class ServerCore;
}

/// Listens at any number of addresses, TCP and Unix sockets alike, and runs one coroutine per client. Any
/// thread. Destroying it stops listening, aborts the peers that are still served, cancels their handlers
/// and waits for them, five seconds at most; not on the engine's own thread, nor on one that runs handlers.
class TEMPEH_EXPORT Server {
public:
    /// Begins to listen at once, clients are taken once serve() runs. The engine must outlive every call but
    /// destruction. Throws Error for an address that is malformed or a client's; that one cannot be bound is
    /// told by the calls below.
    Server(Ampe& engine, std::vector<Address> addresses, ServerOptions options = {});
    /// The same on several engines: the first listens and hands each client to the engine with the fewest
    /// channels, where its handler runs (unless ServerOptions::executor says otherwise). Handlers, the accept
    /// hook and onFailure may therefore run on several threads at the same time. Limits, counters,
    /// addresses() and stop() are those of the whole; executor() is the first engine's. `reactors` must
    /// outlive every call but destruction.
    Server(ReactorGroup& reactors, std::vector<Address> addresses, ServerOptions options = {});
    /// Leaves an empty handle: every call but assignment throws Error(InvalidChannelGroup).
    Server(Server&&) noexcept;
    /// What was held before ends as if destroyed.
    Server& operator=(Server&&) noexcept;
    ~Server();

    /// What was really bound, in the order given: ports and paths resolved, for flows::connect as it is.
    /// Waits until every listener has answered, for `timeout` at most; on the engine's own thread, where
    /// nothing may block, NotAllowed while one has not (co_await listening() first). Errors: ListenFailed (at
    /// the timeout too: nobody runs the engine's context, say), UdsPathNotFound... with the address.
    std::vector<Address> addresses(Timeout timeout = std::chrono::seconds(10)) const;

    /// Completes when every listener is bound. Errors as addresses().
    [[nodiscard]] asio::awaitable<void> listening() const;
    /// The same with a completion token for void(error_code).
    template <detail::FlowToken<void> Token>
    auto listening(Token&& token) const {
        return detail::asyncFlow<void>(
            *this, [this]() mutable { return listening(); }, std::forward<Token>(token));
    }

    /// Runs `handler` for every client until stop() (or the engine's end), and completes when the last
    /// handler has ended. An exception in a handler aborts that peer alone: it is counted, logged, and told
    /// to onFailure; only the end of the channel or of the server (ChannelClosed, ShutdownStarted,
    /// operation_aborted) is no failure. Once. Errors: as listening(), which the log tells too, and then no
    /// listener is left open; NotAllowed the second time.
    /// Cancellation stops serve() alone: nobody is let in any more, handlers go on until stop(). With GCC 12
    /// name a handler that captures by value before the co_await.
    [[nodiscard]] asio::awaitable<void> serve(Handler handler);
    /// The same with a completion token for void(error_code).
    template <detail::FlowToken<void> Token>
    auto serve(Handler handler, Token&& token) {
        return detail::asyncFlow<void>(
            *this, [this, handler = std::move(handler)]() mutable { return serve(std::move(handler)); },
            std::forward<Token>(token));
    }

    /// Stops listening, and lets receive() of every peer end with ShutdownStarted once it has given what had
    /// arrived, so that handlers finish what they are at; completes with true when all have ended. At
    /// `deadline` (from now) the peers of those that have not are aborted and the handlers cancelled,
    /// whatever they wait for; false then, as soon as they have ended, at most a second later: one that is
    /// deaf to cancellation, or blocks, is named in the log and by served(). Clients that nobody has looked
    /// at yet are closed without an answer, so that they try again elsewhere. Any number of callers; one that
    /// is a handler of this server is not waited for by itself.
    [[nodiscard]] asio::awaitable<bool> stop(Timeout deadline);
    /// The same with a completion token for void(error_code, bool).
    template <detail::FlowToken<bool> Token>
    auto stop(Timeout deadline, Token&& token) {
        return detail::asyncFlow<bool>(
            *this, [this, deadline]() mutable { return stop(deadline); }, std::forward<Token>(token));
    }

    /// A snapshot.
    ServerCounters counters() const;
    /// Whom handlers serve now, a line each with the peer's address: after stop() gave false, those that did
    /// not end.
    std::vector<std::string> served() const;
    /// The executor beside the sockets.
    asio::any_io_executor executor() const;
    /// The same, by the names that Asio looks for.
    using executor_type = asio::any_io_executor;
    executor_type get_executor() const { return executor(); }

    /// False when it was moved from.
    explicit operator bool() const noexcept { return !cores_.empty(); }

private:
    void release() noexcept;
    const std::vector<std::shared_ptr<detail::ServerCore>>& cores() const;

    std::vector<std::shared_ptr<detail::ServerCore>> cores_;  // one for each engine, the listening one first
};

}  // namespace tempeh::flows

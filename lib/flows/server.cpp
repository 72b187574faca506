#include "flows/server_waits.hpp"
#include "flows/suspension.hpp"

#include <tempeh/flows/server.hpp>

namespace tempeh::flows {

namespace detail {

asio::awaitable<void> ServerCore::listening(ServerPtr self) {
    bool isOver = false;
    while (!isOver) {
        ListeningWait wait(*self);
        Suspension suspension(*self->hub_, wait, co_await asio::this_coro::executor);
        auto answered = suspension.until(TimePoint::max());
        co_await std::move(answered);
        if (wait.ec) throw Error(wait.ec);
        isOver = wait.isOver;
    }
    self->boundOrThrow();
}

asio::awaitable<void> ServerCore::serve(ServerPtr self, Handler handler) {
    {
        const std::scoped_lock lock(self->hub_->mutex());
        if (std::exchange(self->isServing_, true)) throw Error(Status::NotAllowed);
    }
    self->handler_ = std::move(handler);
    co_await listening(self);
    for (;;) {
        KnockWait wait(*self);
        Suspension suspension(*self->hub_, wait, co_await asio::this_coro::executor);
        auto knocked = suspension.until(TimePoint::max());
        co_await std::move(knocked);
        if (wait.isOver) break;
        if (wait.ec) {
            self->stopListening();
            throw Error(wait.ec);
        }
        if (wait.knock.peer != nullptr) self->admit(std::move(wait.knock));
    }
    co_await idle(self, TimePoint::max());
}

asio::awaitable<bool> ServerCore::idle(ServerPtr self, TimePoint deadline) {
    IdleWait wait(*self);
    Suspension suspension(*self->hub_, wait, co_await asio::this_coro::executor);
    while (!wait.isIdle && !wait.hasTimedOut()) {
        auto ended = suspension.until(deadline);
        co_await std::move(ended);
        if (wait.ec) throw Error(wait.ec);
    }
    co_return wait.isIdle;
}

asio::awaitable<bool> ServerCore::stop(ServerPtr self, Duration deadline) {
    const TimePoint until = self->hub_->time().after(deadline);
    self->stopListening();
    self->drainPeers();
    const bool isClean = co_await idle(self, until);
    if (isClean) co_return true;
    self->abortPeers();
    co_await idle(self, TimePoint::max());
    co_return false;
}

}  // namespace detail

Server::Server(Ampe& engine, std::vector<Address> addresses, ServerOptions options)
    : core_(detail::ServerCore::start(engine, addresses, std::move(options))) {}

Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;

Server::~Server() {
    if (core_ == nullptr) return;
    core_->stopListening();
    core_->abortPeers();
}

std::vector<Address> Server::addresses() const {
    return core_->addresses();
}

asio::awaitable<void> Server::listening() const {
    return detail::ServerCore::listening(core_);
}

asio::awaitable<void> Server::serve(Handler handler) {
    return detail::ServerCore::serve(core_, std::move(handler));
}

asio::awaitable<bool> Server::stop(Duration deadline) {
    return detail::ServerCore::stop(core_, deadline);
}

ServerCounters Server::counters() const {
    return core_->counters();
}

asio::any_io_executor Server::executor() const {
    return core_->hub().group().executor();
}

}  // namespace tempeh::flows

#include "flows/hub/suspension.hpp"
#include "flows/server/server_guards.hpp"
#include "flows/server/server_waits.hpp"

#include <tempeh/flows/server.hpp>

#include <boost/asio/error.hpp>

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
    self->beginServing(std::move(handler));
    const ServeGuard guard(*self);
    try {
        co_await listening(self);
    } catch (const Error& error) {
        // Under asio::detached nobody else tells it.
        if (error.code() != asio::error::operation_aborted)
            self->hub_->warnings().writeAlways(std::string("server: nobody is let in: ") + error.what());
        throw;
    }
    for (;;) {
        AdmissionWait wait(*self);
        Suspension suspension(*self->hub_, wait, co_await asio::this_coro::executor);
        auto arrived = suspension.until(TimePoint::max());
        co_await std::move(arrived);
        if (wait.isOver) break;
        if (wait.ec) throw Error(wait.ec);
        if (wait.pending.peer != nullptr) self->admitOrDrop(std::move(wait.pending));
    }
    co_await idle(self, false, TimePoint::max());
}

asio::awaitable<bool> ServerCore::idle(ServerPtr self, bool fromHandler, TimePoint deadline) {
    IdleWait wait(*self, fromHandler);
    Suspension suspension(*self->hub_, wait, co_await asio::this_coro::executor);
    while (!wait.isIdle && !wait.hasTimedOut()) {
        auto ended = suspension.until(deadline);
        co_await std::move(ended);
        if (wait.ec) throw Error(wait.ec);
    }
    co_return wait.isIdle;
}

HandlerTaskPtr ServerCore::enterStop(asio::cancellation_slot slot) noexcept {
    if (!slot.is_connected()) return nullptr;
    HandlerTaskPtr caller;
    WokenList woken;
    {
        const HubLock lock(*hub_);
        for (const auto& [number, task] : served_)
            if (task->ownSlot == slot && !task->isInStop) caller = task;
        if (caller == nullptr) return nullptr;
        caller->isInStop = true;
        ++inStop_;
        hub_->wakeAll(idleWaiters_, woken);
    }
    woken.wakeAll(false);
    return caller;
}

void ServerCore::leaveStop(HandlerTask& task) noexcept {
    const HubLock lock(*hub_);
    task.isInStop = false;
    --inStop_;
}

asio::awaitable<bool> ServerCore::stop(ServerPtr self, Duration deadline) {
    // For handlers that were cancelled to end.
    constexpr Duration grace = std::chrono::seconds(1);
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    const StopCaller caller(self, cancellation.slot());
    const bool fromHandler = caller.task() != nullptr;
    const TimePoint until = self->hub_->time().after(deadline);
    self->stopListening();
    self->drainPeers();
    bool isIdle = co_await idle(self, fromHandler, until);
    if (isIdle) co_return true;
    self->endHandlers(caller.task());
    isIdle = co_await idle(self, fromHandler, self->hub_->time().after(grace));
    if (!isIdle) self->warnOfThoseLeft();
    co_return false;
}

}  // namespace detail

Server::Server(Ampe& engine, std::vector<Address> addresses, ServerOptions options)
    : core_(detail::ServerCore::start(engine, addresses, std::move(options))) {}

Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&& other) noexcept {
    if (this == &other) return *this;
    release();
    core_ = std::move(other.core_);
    return *this;
}

Server::~Server() {
    release();
}

void Server::release() noexcept {
    if (core_ == nullptr) return;
    core_->stopListening();
    core_->endHandlers(nullptr);
    core_->awaitHandlers();
}

const std::shared_ptr<detail::ServerCore>& Server::core() const {
    if (core_ == nullptr) throw Error(Status::InvalidChannelGroup);
    return core_;
}

std::vector<Address> Server::addresses(Timeout timeout) const {
    return core()->addresses(timeout);
}

asio::awaitable<void> Server::listening() const {
    return detail::ServerCore::listening(core());
}

asio::awaitable<void> Server::serve(Handler handler) {
    return detail::ServerCore::serve(core(), std::move(handler));
}

asio::awaitable<bool> Server::stop(Timeout deadline) {
    return detail::ServerCore::stop(core(), deadline);
}

ServerCounters Server::counters() const {
    return core()->counters();
}

std::vector<std::string> Server::served() const {
    return core()->served();
}

asio::any_io_executor Server::executor() const {
    return core()->hub().group().executor();
}

}  // namespace tempeh::flows

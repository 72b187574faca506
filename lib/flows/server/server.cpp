#include "flows/hub/suspension.hpp"
#include "flows/server/server_guards.hpp"
#include "flows/server/server_waits.hpp"

#include <tempeh/flows/server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <iterator>
#include <list>
#include <span>

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

asio::awaitable<void> ServerCore::serve(ServerPtr self) {
    const ServeGuard guard(*self);
    try {
        co_await listening(self);
    } catch (const Error& error) {
        // Under asio::detached nothing else reports it.
        if (error.code() != asio::error::operation_aborted)
            self->hub_->warnings().writeAlways(std::string("server: nobody is let in: ") + error.what());
        throw;
    }
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    for (;;) {
        AdmissionWait wait(*self);
        Suspension suspension(*self->hub_, wait, executor);
        auto arrived = suspension.until(TimePoint::max());
        co_await std::move(arrived);
        if (wait.isOver) break;
        if (wait.ec) throw Error(wait.ec);
        if (wait.pending.peer != nullptr) self->admitOrDrop(std::move(wait.pending), executor);
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

asio::awaitable<void> ServerCore::serveAll(ServerList all, Handler handler) {
    for (const ServerPtr& server : all)
        server->beginServing(handler);
    const ServerPtr first = all.front();
    const std::span<const ServerPtr> others = std::span<const ServerPtr>(all).subspan(1);
    std::list<ServeGuard> guards;  // however this ends, the others let nobody in any more
    for (const ServerPtr& server : others) {
        guards.emplace_back(*server);
        // It lets in what the first hands to it; that it has ended is seen below.
        asio::co_spawn(server->hub().group().executor(), serve(server), asio::detached);
    }
    co_await serve(first);
    guards.clear();
    for (const ServerPtr& server : others)
        co_await idle(server, false, TimePoint::max());
}

asio::awaitable<bool> ServerCore::stopAll(ServerList all, Duration deadline) {
    // The time for cancelled handlers to end.
    constexpr Duration grace = std::chrono::seconds(1);
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    std::list<StopCaller> callers;
    for (const ServerPtr& server : all)
        callers.emplace_back(server, cancellation.slot());
    const auto& time = all.front()->hub_->time();
    const TimePoint until = time.after(deadline);
    for (const ServerPtr& server : all) {
        server->stopListening();
        server->drainPeers();
    }
    bool areIdle = true;
    for (const StopCaller& caller : callers) {
        const bool isIdle = co_await idle(caller.server(), caller.task() != nullptr, until);
        areIdle = areIdle && isIdle;
    }
    if (areIdle) co_return true;
    for (const StopCaller& caller : callers)
        caller.server()->endHandlers(caller.task());
    const TimePoint last = time.after(grace);
    for (const StopCaller& caller : callers) {
        const bool isIdle = co_await idle(caller.server(), caller.task() != nullptr, last);
        if (!isIdle) caller.server()->warnOfUnfinishedHandlers();
    }
    co_return false;
}

}  // namespace detail

namespace {

std::vector<Ampe*> enginesOf(ReactorGroup& reactors) {
    std::vector<Ampe*> engines;
    for (std::size_t i = 0; i < reactors.size(); ++i)
        engines.push_back(&reactors[i]);
    return engines;
}

void add(ServerCounters& sum, const ServerCounters& one) noexcept {
    sum.accepted += one.accepted;
    sum.refused += one.refused;
    sum.handlerFailures += one.handlerFailures;
    sum.overruns += one.overruns;
    sum.peers += one.peers;
    sum.turnedAway += one.turnedAway;
    sum.cancelled += one.cancelled;
    sum.authorizing += one.authorizing;
}

}  // namespace

Server::Server(Ampe& engine, std::vector<Address> addresses, ServerOptions options)
    : cores_(detail::ServerCore::start({&engine}, addresses, options)) {}

Server::Server(ReactorGroup& reactors, std::vector<Address> addresses, ServerOptions options)
    : cores_(detail::ServerCore::start(enginesOf(reactors), addresses, options)) {}

Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&& other) noexcept {
    if (this == &other) return *this;
    release();
    cores_ = std::move(other.cores_);
    return *this;
}

Server::~Server() {
    release();
}

void Server::release() noexcept {
    for (const detail::ServerPtr& core : cores_) {
        core->stopListening();
        core->endHandlers(nullptr);
    }
    for (const detail::ServerPtr& core : cores_)
        core->awaitHandlers();
    cores_.clear();
}

const std::vector<detail::ServerPtr>& Server::cores() const {
    if (cores_.empty()) throw Error(Status::InvalidChannelGroup);
    return cores_;
}

std::vector<Address> Server::addresses(Timeout timeout) const {
    return cores().front()->addresses(timeout);
}

asio::awaitable<void> Server::listening() const {
    return detail::ServerCore::listening(cores().front());
}

asio::awaitable<void> Server::serve(Handler handler) {
    return detail::ServerCore::serveAll(cores(), std::move(handler));
}

asio::awaitable<bool> Server::stop(Timeout deadline) {
    return detail::ServerCore::stopAll(cores(), deadline);
}

ServerCounters Server::counters() const {
    ServerCounters sum;
    for (const detail::ServerPtr& core : cores())
        add(sum, core->counters());
    return sum;
}

std::vector<std::string> Server::served() const {
    std::vector<std::string> names;
    for (const detail::ServerPtr& core : cores())
        std::ranges::move(core->served(), std::back_inserter(names));
    return names;
}

asio::any_io_executor Server::executor() const {
    return cores().front()->hub().group().executor();
}

}  // namespace tempeh::flows

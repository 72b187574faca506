// The hook that may wait before a client is accepted.

#include "flows/hub/suspension.hpp"
#include "flows/server/server_core.hpp"

#include <tempeh/wire/address.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <utility>

namespace tempeh::flows {

namespace detail {

/// A client in the hook. Shared by the hook's coroutine and the one that waits for its verdict, which run on
/// one executor, never at the same time.
class ServerCore::Authorization {
public:
    Authorization(Candidate whose, asio::any_io_executor where)
        : candidate(std::move(whose)), executor(std::move(where)) {}

    Candidate candidate;
    const asio::any_io_executor executor;
    asio::cancellation_signal cancel;
    std::uint8_t status = 0;  // once it is done
    bool isGivenUp = false;   // nobody wants its verdict any more
    bool isDone TEMPEH_GUARDED_BY(hubLocked) = false;
    Wait* judge TEMPEH_GUARDED_BY(hubLocked) = nullptr;
};

/// Waits for the verdict, or until no more clients are accepted.
class ServerCore::AuthorizationWait final : public ListedWait {
public:
    AuthorizationWait(ServerCore& server, Authorization& authorization) noexcept
        : server_(server), authorization_(authorization) {}
    bool enter() noexcept override TEMPEH_REQUIRES(hubLocked) {
        server_.authorizers_.push_back(*this);
        authorization_.judge = this;
        return authorization_.isDone || server_.mustEndServing();
    }
    void settle() noexcept override TEMPEH_REQUIRES(hubLocked) {
        server_.authorizers_.erase(server_.authorizers_.iterator_to(*this));
        authorization_.judge = nullptr;
        isDone = authorization_.isDone;
        isTooLate = server_.mustEndServing();
    }

    bool isDone = false;
    bool isTooLate = false;

private:
    ServerCore& server_;
    Authorization& authorization_;
};

/// Lives while a client is in the hook, which beginAuthorizing() has counted.
class ServerCore::AuthorizationGuard {
public:
    explicit AuthorizationGuard(ServerCore& server) noexcept : server_(server) {}
    AuthorizationGuard(const AuthorizationGuard&) = delete;
    AuthorizationGuard& operator=(const AuthorizationGuard&) = delete;
    ~AuthorizationGuard() { server_.endAuthorizing(); }

private:
    ServerCore& server_;
};

void ServerCore::beginAuthorizing(Candidate candidate, const asio::any_io_executor& executor) {
    const asio::any_io_executor serial = HandlerTask::serial(executor, hub_->group().executor());
    const auto authorization = std::make_shared<Authorization>(std::move(candidate), serial);
    {
        const HubLock lock(*hub_);
        ++authorizing_;
    }
    asio::co_spawn(serial, judge(shared_from_this(), authorization), asio::detached);
}

void ServerCore::endAuthorizing() noexcept {
    WokenList woken;
    {
        const HubLock lock(*hub_);
        --authorizing_;
        hub_->wakeAll(admissionWaiters_, woken);
        hub_->wakeAll(idleWaiters_, woken);
    }
    woken.wakeAll(false);
}

asio::awaitable<void> ServerCore::runHook(ServerPtr self, std::shared_ptr<Authorization> authorization) {
    Candidate& candidate = authorization->candidate;
    Hello hello{*candidate.pending.hello, candidate.channel, *candidate.response};
    std::exception_ptr failure;
    try {
        auto deciding = self->options_.authorize(hello);
        authorization->status = co_await std::move(deciding);
    } catch (...) {
        failure = std::current_exception();
    }
    co_await asio::this_coro::throw_if_cancelled(false);
    if (failure != nullptr) {
        authorization->status =
            hello.refuse("the server failed to decide", static_cast<std::uint8_t>(Status::ProcessingFailed));
        if (!authorization->isGivenUp)
            self->hub_->warnings().write(
                Warning::AcceptHookThrew,
                "server: the authorize hook threw, " + describePeer(candidate.channel) + " is refused",
                failure);
    }
    WokenList woken;
    {
        const HubLock lock(*self->hub_);
        authorization->isDone = true;
        if (authorization->judge != nullptr) self->hub_->wake(*authorization->judge, woken);
    }
    woken.wakeAll(false);
}

/// Nobody is accepted who was not found worthy in time, whatever happens.
asio::awaitable<void> ServerCore::judge(ServerPtr self, std::shared_ptr<Authorization> authorization) {
    const AuthorizationGuard guard(*self);
    asio::co_spawn(authorization->executor, runHook(self, authorization),
                   asio::bind_cancellation_slot(authorization->cancel.slot(),
                                                [authorization](const std::exception_ptr&) {}));
    AuthorizationWait wait(*self, *authorization);
    Suspension suspension(*self->hub_, wait, authorization->executor);
    auto decided = suspension.until(self->hub_->time().after(self->options_.authorizeTimeout));
    co_await std::move(decided);
    if (wait.isDone && !wait.isTooLate && !wait.ec) {
        self->conclude(std::move(authorization->candidate), authorization->status);
        co_return;
    }
    // The hook may go on, with what is its own.
    authorization->isGivenUp = true;
    const PeerPtr peer = authorization->candidate.pending.peer;
    const MessageId id = authorization->candidate.pending.hello->header.messageId;
    if (!wait.isDone) authorization->cancel.emit(asio::cancellation_type::terminal);
    if (wait.isTooLate) {
        self->reject({.peer = peer, .hello = nullptr});
        co_return;
    }
    MessagePtr response = self->hub_->engine().get();
    response->header.messageId = id;
    const Hello hello{*response, authorization->candidate.channel, *response};
    const std::uint8_t status = hello.refuse("the server did not decide in time");
    self->answer(*peer, std::move(response), status);
}

}  // namespace detail

std::uint8_t Hello::refuse(std::string_view reason, std::uint8_t status) const {
    error_code ec;  // a reason that no text header can carry is in the body alone
    response.textHeaders.set(wire::reasonHeader, reason, ec);
    response.body.assign(reason.substr(0, 65'535));
    return status;
}

}  // namespace tempeh::flows

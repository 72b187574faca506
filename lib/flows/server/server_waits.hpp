#pragma once

#include "flows/server/server_core.hpp"

namespace tempeh::flows::detail {

/// Waits until every listener has answered.
class ServerCore::ListeningWait final : public ListedWait {
public:
    explicit ListeningWait(ServerCore& server) noexcept : server_(server) {}
    bool enter() noexcept override TEMPEH_REQUIRES(hubLocked) {
        server_.listeningWaiters_.push_back(*this);
        return server_.allAnswered();
    }
    void settle() noexcept override TEMPEH_REQUIRES(hubLocked) {
        server_.listeningWaiters_.erase(server_.listeningWaiters_.iterator_to(*this));
        isOver = server_.allAnswered();
    }

    bool isOver = false;

private:
    ServerCore& server_;
};

/// Waits until a client has said hello, or until no more are accepted.
class ServerCore::AdmissionWait final : public ListedWait {
public:
    explicit AdmissionWait(ServerCore& server) noexcept : server_(server) {}
    bool enter() noexcept override TEMPEH_REQUIRES(hubLocked) {
        server_.admissionWaiters_.push_back(*this);
        return server_.mayAdmit() || server_.mustEndServing();
    }
    void settle() noexcept override TEMPEH_REQUIRES(hubLocked) {
        server_.admissionWaiters_.erase(server_.admissionWaiters_.iterator_to(*this));
        isOver = server_.mustEndServing();
        if (ec || isOver || !server_.mayAdmit()) return;
        pending = std::move(server_.pendingHellos_.front());
        server_.pendingHellos_.pop_front();
        server_.admitting_ = pending.peer;
        server_.isAdmitting_ = true;
    }

    bool isOver = false;
    PendingHello pending;

private:
    ServerCore& server_;
};

/// Waits until no handler runs, and none is about to.
class ServerCore::IdleWait final : public ListedWait {
public:
    IdleWait(ServerCore& server, bool fromHandler) noexcept : server_(server), fromHandler_(fromHandler) {}
    bool enter() noexcept override TEMPEH_REQUIRES(hubLocked) {
        server_.idleWaiters_.push_back(*this);
        return server_.isIdle(fromHandler_);
    }
    void settle() noexcept override TEMPEH_REQUIRES(hubLocked) {
        server_.idleWaiters_.erase(server_.idleWaiters_.iterator_to(*this));
        isIdle = server_.isIdle(fromHandler_);
    }

    bool isIdle = false;

private:
    ServerCore& server_;
    const bool fromHandler_;
};

}  // namespace tempeh::flows::detail

#pragma once

#include "flows/server/server_core.hpp"

#include <utility>

namespace tempeh::flows::detail {

/// Whoever calls stop(): a handler that does must not wait for itself, nor for another that does the same.
class ServerCore::StopCaller {
public:
    /// `slot`: of the caller's coroutine.
    StopCaller(ServerPtr server, asio::cancellation_slot slot) : server_(std::move(server)) {
        WokenList woken;
        {
            const base::MutexLock lock(server_->hub_->mutex());
            for (const auto& [number, task] : server_->served_)
                if (slot.is_connected() && task->ownSlot == slot && !task->isInStop) task_ = task;
            if (task_ == nullptr) return;
            task_->isInStop = true;
            ++server_->inStop_;
            server_->hub_->wakeAll(server_->idleWaiters_, woken);
        }
        woken.wakeAll(false);
    }
    StopCaller(const StopCaller&) = delete;
    StopCaller& operator=(const StopCaller&) = delete;
    ~StopCaller() {
        if (task_ == nullptr) return;
        const base::MutexLock lock(server_->hub_->mutex());
        task_->isInStop = false;
        --server_->inStop_;
    }
    /// Null: not a handler of this server's.
    const HandlerTask* task() const noexcept { return task_.get(); }

private:
    const ServerPtr server_;
    HandlerTaskPtr task_;
};

/// While serve() runs: however it ends, nobody waits in vain to be let in.
class ServerCore::ServeGuard {
public:
    explicit ServeGuard(ServerCore& server) noexcept : server_(server) {}
    ServeGuard(const ServeGuard&) = delete;
    ServeGuard& operator=(const ServeGuard&) = delete;
    ~ServeGuard() { server_.stopListening(); }

private:
    ServerCore& server_;
};

/// While a client is let in or refused, which the AdmissionWait began.
class ServerCore::AdmissionGuard {
public:
    explicit AdmissionGuard(ServerCore& server) noexcept : server_(server) {}
    AdmissionGuard(const AdmissionGuard&) = delete;
    AdmissionGuard& operator=(const AdmissionGuard&) = delete;
    ~AdmissionGuard() {
        WokenList woken;
        {
            const base::MutexLock lock(server_.hub_->mutex());
            server_.isAdmitting_ = false;
            server_.admitting_.reset();
            server_.hub_->wakeAll(server_.idleWaiters_, woken);
        }
        woken.wakeAll(false);
    }

private:
    ServerCore& server_;
};

}  // namespace tempeh::flows::detail

#pragma once

#include "flows/server/server_core.hpp"

#include <utility>

namespace tempeh::flows::detail {

/// Whoever calls stop(): a handler that does must not wait for itself, nor for another that does the same.
class ServerCore::StopCaller {
public:
    /// `slot`: of the caller's coroutine.
    StopCaller(ServerPtr server, asio::cancellation_slot slot)
        : server_(std::move(server)), task_(server_->enterStop(slot)) {}
    StopCaller(const StopCaller&) = delete;
    StopCaller& operator=(const StopCaller&) = delete;
    ~StopCaller() {
        if (task_ != nullptr) server_->leaveStop(*task_);
    }
    const ServerPtr& server() const noexcept { return server_; }
    /// Null: not a handler of this server's.
    const HandlerTask* task() const noexcept { return task_.get(); }

private:
    const ServerPtr server_;
    const HandlerTaskPtr task_;
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
    ~AdmissionGuard() { server_.endAdmission(); }

private:
    ServerCore& server_;
};

}  // namespace tempeh::flows::detail

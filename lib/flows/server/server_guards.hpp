#pragma once

#include "flows/server/server_core.hpp"

#include <utility>

namespace tempeh::flows::detail {

/// The caller of stop(). A handler that calls it must not wait for itself, nor for another handler that does
/// the same.
class ServerCore::StopCaller {
public:
    /// `slot` is that of the caller's coroutine.
    StopCaller(ServerPtr server, asio::cancellation_slot slot)
        : server_(std::move(server)), task_(server_->enterStop(slot)) {}
    StopCaller(const StopCaller&) = delete;
    StopCaller& operator=(const StopCaller&) = delete;
    ~StopCaller() {
        if (task_ != nullptr) server_->leaveStop(*task_);
    }
    const ServerPtr& server() const noexcept { return server_; }
    /// Null: not one of this server's handlers.
    const HandlerTask* task() const noexcept { return task_.get(); }

private:
    const ServerPtr server_;
    const HandlerTaskPtr task_;
};

/// Lives while serve() runs: however it ends, no client waits in vain.
class ServerCore::ServeGuard {
public:
    explicit ServeGuard(ServerCore& server) noexcept : server_(server) {}
    ServeGuard(const ServeGuard&) = delete;
    ServeGuard& operator=(const ServeGuard&) = delete;
    ~ServeGuard() { server_.stopListening(); }

private:
    ServerCore& server_;
};

/// Lives while a client is accepted or refused, which the AdmissionWait began.
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

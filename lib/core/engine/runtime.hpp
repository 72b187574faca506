#pragma once

#include "core/engine/engine.hpp"
#include "core/engine/watchdog.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <thread>

namespace tempeh::core {

/// What a Reactor owns: the engine and what drives it, its own thread or the caller's context.
class Runtime : public std::enable_shared_from_this<Runtime> {
public:
    /// Starts a thread.
    static std::shared_ptr<Runtime> onOwnThread(const Options& options);
    /// Runs on a strand of the caller's context.
    static std::shared_ptr<Runtime> onContext(asio::io_context& context, const Options& options);

    ~Runtime();
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;

    Engine& engine() noexcept { return *engine_; }

    /// The Reactor is being destroyed: shuts down within Options::lingerTimeout and ends the thread. Never
    /// hangs.
    void stop() noexcept;

private:
    Runtime() = default;

    void startWatchdog();
    void runThread();
    template <typename Work>
    void survive(Work work);
    void runUntilStopped();
    void pollWhileBusy();
    void finishThread();

    std::optional<asio::io_context> ownContext_;
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_;
    std::shared_ptr<Engine> engine_;
    std::optional<Watchdog> watchdog_;
    std::atomic<bool> isStopping_{false};
    std::promise<void> hasFinished_;
    std::thread thread_;
};

}  // namespace tempeh::core

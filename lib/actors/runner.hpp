#pragma once

#include "actors/actor_executor.hpp"
#include "actors/here.hpp"

#include <tempeh/actors/detail/envelope.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/transport/detail/in_frame_handler.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <cstdint>
#include <exception>
#include <optional>
#include <utility>

namespace tempeh::actors::detail {

/// A coroutine that runs handlers and tasks of actors, one after the other: so a handler costs no co_spawn,
/// and an actor that waits for nothing has no coroutine. Its worker's executor alone.
class Runner {
public:
    explicit Runner(Worker& worker);
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;
    ~Runner();

    /// Runs a handler that is a coroutine, until it first waits. It ends with Cell::onHandlerOver(). Throws
    /// std::bad_alloc; then this is gone. So does runTask().
    void handle(Cell& cell, Envelope& envelope);
    /// Runs a task of an actor. It ends with Cell::onTaskOver().
    void runTask(Cell& cell, asio::awaitable<void> task);
    /// Cancels what it runs.
    void cancel() noexcept;
    /// Idle: ends the coroutine, and this.
    void finish() noexcept;
    /// The same without running it, because its context is being destroyed.
    void drop() noexcept { idle_.drop(); }

    Worker& worker() const noexcept { return worker_; }
    Cell* cell() const noexcept { return cell_; }
    bool isHandler() const noexcept { return envelope_ != nullptr; }
    /// Whether the executor is that of this coroutine.
    bool isOf(const asio::any_io_executor& executor) const noexcept;
    asio::any_io_executor executor() const { return ActorExecutor(*state_); }

    /// Of the tasks of one cell.
    Runner* nextTask = nullptr;

private:
    /// Part of the coroutine's frame: the runner goes with it, even if it never ran.
    class Frame {
    public:
        explicit Frame(Runner& runner) noexcept : runner_(&runner) {}
        Frame(Frame&& other) noexcept : runner_(std::exchange(other.runner_, nullptr)) {}
        Frame& operator=(Frame&&) = delete;
        ~Frame() {
            if (runner_ != nullptr) runner_->onFrameGone();
        }

    private:
        Runner* runner_;
    };

    void go();
    asio::awaitable<void> loop(Frame frame);
    void onFrameGone() noexcept;
    void onOver(const std::exception_ptr& failure) noexcept;

    Worker& worker_;
    ActorExecutor::State* const state_;
    asio::cancellation_signal signal_;
    tempeh::detail::InFrameHandler idle_;
    Cell* cell_ = nullptr;
    Envelope* envelope_ = nullptr;
    std::optional<asio::awaitable<void>> task_;
    bool isStarted_ = false;
    bool isStarting_ = false;
    bool isCancelled_ = false;
};

}  // namespace tempeh::actors::detail

#pragma once

#include "actors/here.hpp"

#include <tempeh/core/asio.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace tempeh::actors::detail {

class Runner;
class SystemCore;
class Worker;

/// The worker's executor or laterExecutor.
const asio::any_io_executor& executorOf(const Worker& worker, bool isLater) noexcept;

/// The executor of an actor's coroutine: its worker's, and what it runs knows whose it is, so that a question
/// asked after a timer's wait is still the actor's. Copies share their state, and may outlive the coroutine.
class ActorExecutor {
public:
    class State {
    public:
        State(Worker& worker, Runner& runner);
        State(const State&) = delete;
        State& operator=(const State&) = delete;

        void retain() noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
        void release() noexcept {
            if (count_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
        }
        /// The coroutine is gone; what runs from now on belongs to nobody.
        void leave() noexcept { runner_ = nullptr; }

    private:
        friend class ActorExecutor;
        friend class ActorScope;
        ~State() = default;

        std::atomic<std::size_t> count_{1};
        const std::weak_ptr<SystemCore> system_;  // it owns the coroutine, and that this
        Worker& worker_;
        Runner* runner_;  // the worker's executor alone

        asio::execution_context* context_;
    };

    explicit ActorExecutor(State& state) noexcept : state_(&state) { state_->retain(); }
    ActorExecutor(const ActorExecutor& other) noexcept : state_(other.state_), isLater_(other.isLater_) {
        state_->retain();
    }
    ActorExecutor& operator=(const ActorExecutor& other) noexcept {
        ActorExecutor copy(other);
        std::swap(state_, copy.state_);
        std::swap(isLater_, copy.isLater_);
        return *this;
    }
    ~ActorExecutor() { state_->release(); }

    asio::execution_context& query(asio::execution::context_t) const noexcept { return *state_->context_; }
    asio::execution::blocking_t query(asio::execution::blocking_t) const noexcept {
        return isLater_ ? asio::execution::blocking_t(asio::execution::blocking.never)
                        : asio::execution::blocking_t(asio::execution::blocking.possibly);
    }
    ActorExecutor require(asio::execution::blocking_t::never_t) const noexcept { return with(true); }
    ActorExecutor require(asio::execution::blocking_t::possibly_t) const noexcept { return with(false); }

    bool operator==(const ActorExecutor& other) const noexcept {
        return state_ == other.state_ && isLater_ == other.isLater_;
    }
    bool operator!=(const ActorExecutor& other) const noexcept { return !(*this == other); }

    template <typename Function>
    void execute(Function&& function) const;

    const State* state() const noexcept { return state_; }

private:
    ActorExecutor with(bool isLater) const noexcept {
        ActorExecutor other(*this);
        other.isLater_ = isLater;
        return other;
    }

    State* state_;
    bool isLater_ = false;
};

/// Runs what an ActorExecutor was given as its actor's, and sees to what that leaves to do.
class ActorScope {
public:
    explicit ActorScope(const ActorExecutor::State& state) noexcept;
    ~ActorScope() = default;
    ActorScope(const ActorScope&) = delete;
    ActorScope& operator=(const ActorScope&) = delete;

private:
    const WorkerScope entered_;
};

template <typename Function>
void ActorExecutor::execute(Function&& function) const {
    const std::shared_ptr<SystemCore> system = state_->system_.lock();
    if (system == nullptr) return;  // with its executor
    const asio::any_io_executor& inner = executorOf(state_->worker_, isLater_);
    if (inner == nullptr) return;  // so is its context
    inner.execute([keep = *this, system,
                   function = std::decay_t<Function>(std::forward<Function>(function))]() mutable {
        const ActorScope scope(*keep.state_);
        std::move(function)();
    });
}

}  // namespace tempeh::actors::detail

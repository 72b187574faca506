#include "actors/runner.hpp"

#include "actors/cell.hpp"
#include "actors/system_core.hpp"
#include "actors/worker.hpp"

#include <tempeh/core/detail/group_backend.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/require.hpp>
#include <boost/asio/this_coro.hpp>

#include <utility>

namespace tempeh::actors::detail {

ActorExecutor::State::State(Worker& worker, Runner& runner)
    : system_(worker.system().weak_from_this())
    , worker_(worker)
    , runner_(&runner)

    , context_(tempeh::detail::contextOf(worker.executor())) {}

const asio::any_io_executor& executorOf(const Worker& worker, bool isLater) noexcept {
    return isLater ? worker.laterExecutor() : worker.executor();
}

ActorScope::ActorScope(const ActorExecutor::State& state) noexcept : entered_(state.worker_) {
    if (!entered_.isIn() || state.runner_ == nullptr) return;
    here.cell = state.runner_->cell();
    here.runner = state.runner_;
}

Runner::Runner(Worker& worker) : worker_(worker), state_(new ActorExecutor::State(worker, *this)) {}

Runner::~Runner() {
    state_->leave();
    state_->release();
}

bool Runner::isOf(const asio::any_io_executor& executor) const noexcept {
    const auto* mine = executor.target<ActorExecutor>();
    return mine != nullptr && mine->state() == state_;
}

void Runner::handle(Cell& cell, Envelope& envelope) {
    cell_ = &cell;
    envelope_ = &envelope;
    go();
}

void Runner::runTask(Cell& cell, asio::awaitable<void> task) {
    cell_ = &cell;
    task_.emplace(std::move(task));
    go();
}

void Runner::go() {
    if (isStarted_) {
        const HereScope scope(Here{&worker_, cell_, this});
        return idle_.invoke();
    }
    isStarted_ = true;
    isStarting_ = true;                     // if what follows throws, the caller hears of it
    const ActorExecutor executor(*state_);  // this may be gone if what follows throws
    asio::co_spawn(executor, loop(Frame(*this)),
                   asio::bind_cancellation_slot(signal_.slot(), [](const std::exception_ptr&) {}));
    isStarting_ = false;
}

void Runner::cancel() noexcept {
    isCancelled_ = true;
    signal_.emit(asio::cancellation_type::terminal);
}

void Runner::finish() noexcept {
    isCancelled_ = true;
    idle_.invoke();
}

asio::awaitable<void> Runner::loop(Frame) {
    for (;;) {
        std::exception_ptr failure;
        try {
            if (envelope_ != nullptr) {
                auto handler = envelope_->ops->start(cell_->actor(), *envelope_);
                co_await std::move(handler);
            } else {
                auto task = std::move(*task_);
                task_.reset();
                co_await std::move(task);
            }
        } catch (...) {
            failure = std::current_exception();
        }
        onOver(failure);
        if (isCancelled_) co_return;  // the state of cancellation stays with the coroutine
        worker_.giveRunner(*this);
        auto next = idle_.wait([](asio::cancellation_slot) {});
        co_await std::move(next);
        if (isCancelled_) co_return;
    }
}

void Runner::onFrameGone() noexcept {
    // Destroyed with the context of something that it waited for. What it ran ends with it.
    if (cell_ != nullptr && !isStarting_)
        onOver(std::make_exception_ptr(
            Error(Errc::HandlerFailed, "what it waited for was destroyed, and its coroutine with it")));
    worker_.forgetRunner(*this);
}

void Runner::onOver(const std::exception_ptr& failure) noexcept {
    Cell& cell = *std::exchange(cell_, nullptr);
    Envelope* const envelope = std::exchange(envelope_, nullptr);
    here.cell = nullptr;
    here.runner = nullptr;
    if (envelope != nullptr)
        cell.onHandlerOver(*envelope, failure);
    else
        cell.onTaskOver(*this, failure);
}

}  // namespace tempeh::actors::detail

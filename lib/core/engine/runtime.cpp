#include "core/engine/runtime.hpp"

#include "core/engine/context_anchor.hpp"
#include "transport/background_thread.hpp"

#include <algorithm>
#include <chrono>

namespace tempeh::core {

std::shared_ptr<Runtime> Runtime::onOwnThread(const Options& options) try {
    std::shared_ptr<Runtime> runtime(new Runtime());
    // Only one thread runs it, so Asio may skip waking others. Locking stays on because applications put
    // their own objects here.
    asio::io_context& context = runtime->ownContext_.emplace(1);
    runtime->work_.emplace(context.get_executor());
    runtime->engine_ = std::make_shared<Engine>(context, context.get_executor(), options,
                                                Environment::ofSystem(context.get_executor(), options), true);
    asio::use_service<ContextAnchor>(context).add(runtime->engine_);
    runtime->startWatchdog();
    // The thread keeps the runtime alive: a Reactor may be destroyed on it.
    runtime->thread_ = transport::startBackgroundThread([runtime] { runtime->runThread(); });
    return runtime;
} catch (const Error&) {
    throw;
} catch (const boost::system::system_error& failed) {
    throw Error(failed.code(), "Reactor");  // Asio's, when no descriptor is free
}

std::shared_ptr<Runtime> Runtime::onContext(asio::io_context& context, const Options& options) {
    std::shared_ptr<Runtime> runtime(new Runtime());
    const asio::any_io_executor strand = asio::make_strand(context);
    runtime->engine_ =
        std::make_shared<Engine>(context, strand, options, Environment::ofSystem(strand, options), false);
    asio::use_service<ContextAnchor>(context).add(runtime->engine_);
    runtime->startWatchdog();
    return runtime;
}

Runtime::~Runtime() = default;

void Runtime::startWatchdog() {
    const Duration limit = engine_->options().stallWarning;
    if (limit > Duration::zero()) watchdog_.emplace(engine_, limit);
}

void Runtime::stop() noexcept {
    watchdog_.reset();
    const bool onOwnThread = thread_.get_id() == std::this_thread::get_id();
    if (ownContext_ && !onOwnThread) {
        try {
            error_code ec;
            engine_->life().shutdown(engine_->options().lingerTimeout, ec);
        } catch (const std::bad_alloc&) {
            // The shutdown is then not orderly, but posted messages still come back.
        }
    }
    isStopping_.store(true, std::memory_order_release);
    if (!ownContext_) {
        engine_->life().forceStopSoon();
        return;
    }
    work_.reset();
    ownContext_->stop();
    if (onOwnThread) return thread_.detach();
    // An application handler that blocks the thread must not block the thread that destroys the Reactor.
    const Duration patience =
        2 * std::max<Duration>(engine_->options().lingerTimeout, std::chrono::milliseconds(500));
    if (hasFinished_.get_future().wait_for(patience) == std::future_status::ready) return thread_.join();
    engine_->log().error("a handler blocks the reactor thread; the thread is abandoned");
    thread_.detach();
}

void Runtime::runThread() {
    const std::shared_ptr<Runtime> keepAlive = shared_from_this();
    const base::ThreadTokenScope token(engine_.get());
    while (!isStopping_.load(std::memory_order_acquire))
        survive([this] { runUntilStopped(); });
    finishThread();
    hasFinished_.set_value();
}

/// Logs what the application's handlers throw; the thread continues.
template <typename Work>
void Runtime::survive(Work work) {
    try {
        work();
    } catch (const std::bad_alloc&) {
        // Thrown by Asio, for an operation of a channel that has ended with AllocationFailed, or by the
        // application.
        engine_->log().error("out of memory in a handler on the reactor's executor");
    } catch (const std::exception& failure) {
        engine_->log().error("a handler on the reactor's executor threw an exception: ", failure.what());
    } catch (...) {
        engine_->log().error(
            "a handler on the reactor's executor threw something that is not a std::exception");
    }
}

void Runtime::runUntilStopped() {
    if (engine_->options().busyPoll <= Duration::zero()) {
        ownContext_->run();  // until stop(): cheaper than one handler at a time
        return;
    }
    while (!isStopping_.load(std::memory_order_acquire)) {
        pollWhileBusy();
        ownContext_->run_one();
    }
}

/// busyPoll: looks for work without sleeping until there has been none for that long.
void Runtime::pollWhileBusy() {
    const Duration limit = engine_->options().busyPoll;
    engine_->submitQueue().setPolling(true);
    TimePoint idleSince = std::chrono::steady_clock::now();
    bool busy = true;
    while (busy && !isStopping_.load(std::memory_order_relaxed)) {
        const bool worked = ownContext_->poll() != 0 || engine_->posting().collectPolled();
        const TimePoint now = std::chrono::steady_clock::now();
        if (worked) {
            idleSince = now;
        } else {
            busy = now - idleSince < limit;
            std::this_thread::yield();  // the thread that will submit work may share this core
        }
    }
    // A thread may have submitted work without a wake-up just before this.
    if (engine_->submitQueue().setPolling(false)) engine_->posting().collectPolled();
}

/// Runs the handlers that are ready (receivers that learn of the shutdown), gives lingering connections their
/// time, then ends.
void Runtime::finishThread() {
    const TimePoint until = std::chrono::steady_clock::now() + engine_->options().lingerTimeout;
    ownContext_->restart();
    survive([this] {
        const Engine::Turn turn(*engine_);
        engine_->life().forceStop();
    });
    bool more = true;
    while (more && !engine_->life().isIdle())
        survive([this, until, &more] { more = ownContext_->run_one_until(until) != 0; });
    survive([this] {
        const Engine::Turn turn(*engine_);
        engine_->life().closeLingering();
    });
    constexpr int handlersAtMost = 100'000;  // bounds a handler that posts itself for ever
    more = true;
    for (int i = 0; more && i < handlersAtMost; ++i)
        survive([this, &more] { more = ownContext_->poll_one() != 0; });
    engine_->life().releaseContext();
}

}  // namespace tempeh::core

#include "core/engine/watchdog.hpp"

#include "base/repeat_limiter.hpp"
#include "transport/background_thread.hpp"

#include <tempeh/base/detail/mutex.hpp>

#include <condition_variable>

namespace tempeh::core {

namespace {

std::string describe(Whereabouts::Place place, Engine& engine) {
    using Doing = Whereabouts::Doing;
    switch (place.doing) {
        case Doing::Receiver: {
            if (place.channel == 0) return "by a resumed coroutine";
            std::string text = "by the receiver of a message from channel " + std::to_string(place.channel);
            const ChannelPtr channel = engine.channelTable().find(place.channel);
            return channel != nullptr ? text + " (" + channel->addresses.peer() + ")" : text;
        }
        case Doing::Timers:
            return "while timeouts are reported";
        case Doing::Tasks:
            return "while it handles posts and calls from other threads";
        case Doing::EngineWork:
            return "by the engine itself";
        case Doing::Elsewhere:
            break;
    }
    return engine.ownsThread() ? "by a handler on its executor"
                               : "by a handler on its context, or because no thread runs the context";
}

std::string inMilliseconds(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) + " ms";
}

}  // namespace

/// Shared with the pending heartbeat task, which may outlive the watchdog.
struct Watchdog::State final : public Task, public std::enable_shared_from_this<State> {
    State(const std::shared_ptr<Engine>& watched, Duration patience) : engine(watched), limit(patience) {}

    /// The heartbeat.
    void run() noexcept override {
        const base::MutexLock lock(mutex);
        isAsked = false;
        changed.notify_one();
    }

    void warn(Duration held) noexcept;

    const std::weak_ptr<Engine> engine;
    const Duration limit;
    base::Mutex mutex;  // held for a step at a time: the reactor thread takes it too
    std::condition_variable changed;
    bool isAsked TEMPEH_GUARDED_BY(mutex) = false;
    bool isStopping TEMPEH_GUARDED_BY(mutex) = false;
    Whereabouts::Place lastPlace;
    base::RepeatLimiter limiter;  // of warnings about that place
};

void Watchdog::State::warn(Duration held) noexcept try {
    const std::shared_ptr<Engine> watched = engine.lock();
    if (watched == nullptr || watched->life().isDrained()) return;  // it is ending, or its context is gone
    const Whereabouts::Place place = watched->turns().whereabouts().get();
    if (place.doing != lastPlace.doing || place.channel != lastPlace.channel) limiter = base::RepeatLimiter();
    lastPlace = place;
    if (!limiter.pass(std::chrono::steady_clock::now())) return;
    watched->log().warn("the reactor thread has been blocked for " + inMilliseconds(held) + ' ' +
                        describe(place, *watched) +
                        ": nothing is sent or received meanwhile; run blocking code on another executor");
} catch (const std::bad_alloc&) {
    // The line is dropped.
}

Watchdog::Watchdog(const std::shared_ptr<Engine>& engine, Duration limit)
    : state_(std::make_shared<State>(engine, limit)) {
    thread_ = transport::startBackgroundThread([state = state_] { watch(*state); });
}

Watchdog::~Watchdog() {
    {
        const base::MutexLock lock(state_->mutex);
        state_->isStopping = true;
    }
    state_->changed.notify_one();
    thread_.join();
}

void Watchdog::watch(State& state) {
    base::WaitableLock lock(state.mutex);
    const auto isOver = [&state]() TEMPEH_REQUIRES(state.mutex) { return state.isStopping; };
    const auto isAnswered = [&state]()
                                TEMPEH_REQUIRES(state.mutex) { return state.isStopping || !state.isAsked; };
    while (!lock.waitFor(state.changed, state.limit, isOver)) {
        state.isAsked = true;
        lock.unlock();
        const TimePoint asked = std::chrono::steady_clock::now();
        bool isAlive = false;
        if (const std::shared_ptr<Engine> engine = state.engine.lock())
            isAlive = engine->submit(state, state.shared_from_this());
        lock.lock();
        if (!isAlive) return;
        if (!lock.waitFor(state.changed, state.limit, isAnswered)) {
            lock.unlock();
            state.warn(std::chrono::steady_clock::now() - asked);
            lock.lock();
            lock.wait(state.changed, isAnswered);
        }
    }
}

}  // namespace tempeh::core

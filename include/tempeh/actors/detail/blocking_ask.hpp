#pragma once

#include <tempeh/actors/detail/ask_operation.hpp>

#include <condition_variable>
#include <mutex>
#include <new>
#include <type_traits>
#include <utility>

namespace tempeh::actors::detail {

/// Wakes the thread that asks.
class TEMPEH_ACTORS_EXPORT BlockedThread {
public:
    /// Throws Error(Deadlock) on a thread of that actor's system.
    static void check(const CellCount* target);

    void wake() noexcept;
    /// False: `timeout` passed.
    bool wait(Duration timeout) noexcept;

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool isOver_ = false;
};

/// A question that a thread waits for.
template <typename R>
class BlockingAsk final : public AskResult<R> {
public:
    BlockingAsk() noexcept : AskResult<R>(&BlockingAsk::over, &BlockingAsk::destroy) {}
    ~BlockingAsk() = default;

    BlockedThread thread;

private:
    static void over(AskBase& ask) noexcept { static_cast<BlockingAsk&>(ask).thread.wake(); }
    static void destroy(AskBase& ask) noexcept { delete &static_cast<BlockingAsk&>(ask); }
};

template <typename R>
R blockingAsk(const CellRef& target, EnvelopePtr envelope, Duration timeout) {
    BlockedThread::check(target.get());
    auto* ask = new BlockingAsk<R>();
    startAsk(*ask, target, std::move(envelope), infinite);
    if (!ask->thread.wait(timeout)) {
        ask->abandon(Errc::Timeout);
        ask->thread.wait(infinite);  // at once, or the answer was faster
    }
    const std::exception_ptr failure = ask->failure();
    if constexpr (std::is_void_v<R>) {
        ask->letGo();
        if (failure != nullptr) std::rethrow_exception(failure);
    } else {
        std::optional<R> value = std::move(ask->value());
        ask->letGo();
        if (failure != nullptr) std::rethrow_exception(failure);
        return std::move(*value);
    }
}

}  // namespace tempeh::actors::detail

#include "transport/mem/mem_waiter.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>

#include <chrono>
#include <new>
#include <thread>
#include <unordered_map>
#include <utility>

namespace tempeh::transport {

namespace asio = boost::asio;

/// Those of one context.
class MemWaiter::Waiters final : public asio::execution_context::service {
public:
    using key_type = Waiters;
    static inline asio::execution_context::id id;

    explicit Waiters(asio::execution_context& context) : asio::execution_context::service(context) {}

    static Waiters& of(const asio::any_io_executor& executor) {
        return asio::use_service<Waiters>(asio::query(executor, asio::execution::context));
    }

    void add(MemWaiter& waiter) {
        const base::MutexLock lock(mutex_);
        waiters_.emplace(&waiter, waiter.weak_from_this());
    }
    void remove(MemWaiter& waiter) noexcept {
        const base::MutexLock lock(mutex_);
        waiters_.erase(&waiter);
    }

private:
    void shutdown() noexcept override {
        std::unordered_map<MemWaiter*, std::weak_ptr<MemWaiter>> waiters;
        {
            const base::MutexLock lock(mutex_);
            waiters.swap(waiters_);
        }
        for (const auto& [address, known] : waiters)
            if (const std::shared_ptr<MemWaiter> waiter = known.lock()) waiter->abort();
    }

    base::Mutex mutex_;
    std::unordered_map<MemWaiter*, std::weak_ptr<MemWaiter>> waiters_ TEMPEH_GUARDED_BY(mutex_);
};

/// The handler of a ring.
class MemWaiter::Ring {
public:
    using allocator_type = base::HandlerAllocator<void, std::shared_ptr<base::HandlerMemory>>;

    explicit Ring(std::shared_ptr<MemWaiter> waiter) noexcept : waiter_(std::move(waiter)) {}
    void operator()() const { waiter_->look(); }
    allocator_type get_allocator() const noexcept {
        return allocator_type(std::shared_ptr<base::HandlerMemory>(waiter_, &waiter_->memory_));
    }

private:
    std::shared_ptr<MemWaiter> waiter_;
};

void MemWaiter::ring() noexcept {
    // Only this ends the wait.
    while (!tryRing())
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

/// False: out of memory.
bool MemWaiter::tryRing() noexcept {
    const base::MutexLock lock(mutex_);
    if (!executor_) return true;
    try {
        gate_->post(*executor_, Ring(shared_from_this()));
        return true;
    } catch (const std::bad_alloc&) {
        return false;
    }
}

void MemWaiter::abortWait(std::optional<AwaitedOperation::Completion>& wait) const noexcept {
    // In the operation's own memory.
    struct Aborted {
        using allocator_type = AwaitedOperation::Completion::allocator_type;
        void operator()() { done(asio::error::operation_aborted); }
        allocator_type get_allocator() const noexcept { return done.get_allocator(); }
        AwaitedOperation::Completion done;
    };
    if (!wait) return;
    Aborted aborted{std::move(*wait)};
    wait.reset();
    asio::post(home_, std::move(aborted));
}

void MemWaiter::enter() {
    Waiters::of(home_).add(*this);
}

void MemWaiter::leave() noexcept {
    {
        const base::MutexLock lock(mutex_);
        if (!executor_) return;
        executor_.reset();
    }
    Waiters::of(home_).remove(*this);
}

}  // namespace tempeh::transport

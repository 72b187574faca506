#include "transport/tcp/resolver.hpp"

#include "transport/context_gate.hpp"
#include "transport/waits.hpp"

#include <tempeh/base/detail/mutex.hpp>

#include <atomic>
#include <chrono>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

namespace tempeh::transport {

/// One lookup, shared by the resolver and the helper thread. The thread uses the executor only until the
/// resolver abandons the lookup, and reaches the context behind it only through its gate.
class Resolver::Lookup final : public LookupJob, public std::enable_shared_from_this<Lookup> {
public:
    Lookup(std::string host, std::uint16_t port, LookupFunction function, asio::steady_timer& done)
        : host_(std::move(host))
        , port_(port)
        , function_(std::move(function))
        , gate_(ContextGate::of(done.get_executor()))
        , done_(&done)
        , executor_(done.get_executor()) {}

    void run() noexcept override {
        hasBegun_.store(true, std::memory_order_relaxed);
        error_code ec;
        TcpEndpoints endpoints;
        try {
            endpoints = function_(host_, port_, ec);
        } catch (const std::exception&) {
            ec = asio::error::no_memory;
        }
        finish(std::move(endpoints), ec);
    }

    void fail() noexcept override { finish({}, asio::error::no_memory); }

    bool hasBegun() const noexcept { return hasBegun_.load(std::memory_order_relaxed); }

    void abandon() noexcept {
        const base::MutexLock lock(mutex_);
        done_ = nullptr;
        executor_.reset();
    }

    bool hasResult() const {
        const base::MutexLock lock(mutex_);
        return hasResult_;
    }

    TcpEndpoints takeResult(error_code& ec) {
        const base::MutexLock lock(mutex_);
        ec = ec_;
        return std::move(endpoints_);
    }

private:
    void finish(TcpEndpoints endpoints, error_code ec) noexcept {
        {
            const base::MutexLock lock(mutex_);
            endpoints_ = std::move(endpoints);
            ec_ = ec;
            hasResult_ = true;
        }
        // A listener has no timeout to end its wait: only this wake-up does.
        while (!tryWake())
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }

    /// False: out of memory.
    bool tryWake() noexcept {
        const base::MutexLock lock(mutex_);
        if (!executor_) return true;
        try {
            gate_->post(*executor_, [self = shared_from_this()] { self->wakeResolver(); });
        } catch (const std::exception&) {
            return false;
        }
        executor_.reset();
        return true;
    }

    // Runs on the resolver's executor.
    void wakeResolver() {
        const base::MutexLock lock(mutex_);
        if (done_ != nullptr) done_->cancel();
    }

    const std::string host_;
    const std::uint16_t port_;
    const LookupFunction function_;
    const std::shared_ptr<ContextGate> gate_;
    std::atomic<bool> hasBegun_{false};

    mutable base::Mutex mutex_;
    asio::steady_timer* done_ TEMPEH_GUARDED_BY(mutex_);  // null: abandoned
    std::optional<asio::any_io_executor> executor_
        TEMPEH_GUARDED_BY(mutex_);  // empty: delivered or abandoned
    TcpEndpoints endpoints_ TEMPEH_GUARDED_BY(mutex_);
    error_code ec_ TEMPEH_GUARDED_BY(mutex_);
    bool hasResult_ TEMPEH_GUARDED_BY(mutex_) = false;
};

Resolver::Resolver(const asio::any_io_executor& executor, LookupFunction function, LookupThreads& threads)
    : done_(executor, asio::steady_timer::time_point::max())
    , function_(std::move(function))
    , threads_(threads) {}

Resolver::~Resolver() {
    abandon();
}

asio::awaitable<TcpEndpoints> Resolver::resolve(std::string host, std::uint16_t port, error_code& ec) {
    ec.clear();
    TcpEndpoints endpoints;
    if (cancelled_) {
        ec = asio::error::operation_aborted;
        co_return endpoints;
    }
    if (host.empty() || host.find('\0') != std::string::npos) {
        ec = Status::InvalidAddress;
        co_return endpoints;
    }
    error_code notLiteral;
    const asio::ip::address literal = asio::ip::make_address(host, notLiteral);
    if (!notLiteral) {
        endpoints.emplace_back(literal, port);
        co_return endpoints;
    }

    lookup_ = std::make_shared<Lookup>(std::move(host), port, function_, done_);
    threads_.submit(lookup_);
    // The wake-up goes through the executor, so it cannot arrive before this wait starts.
    co_await waitFor(done_, ec);
    if (cancelled_ || !lookup_->hasResult()) {
        if (ec != asio::error::no_memory) ec = asio::error::operation_aborted;
    } else {
        endpoints = lookup_->takeResult(ec);
    }
    abandon();
    co_return endpoints;
}

bool Resolver::isQueued() const noexcept {
    return lookup_ != nullptr && !lookup_->hasBegun();
}

void Resolver::cancel() noexcept {
    cancelled_ = true;
    abandon();
    done_.cancel();
}

void Resolver::abandon() noexcept {
    if (!lookup_) return;
    lookup_->abandon();
    threads_.withdraw(lookup_.get());
    lookup_.reset();
}

}  // namespace tempeh::transport

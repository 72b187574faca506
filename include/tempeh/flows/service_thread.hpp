#pragma once

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/base/export.hpp>
#include <tempeh/core/ampe.hpp>
#include <tempeh/core/blocking_channel_group.hpp>
#include <tempeh/core/channel_group.hpp>
#include <tempeh/flows/service.hpp>
#include <tempeh/message/message_queue.hpp>
#include <tempeh/wire/address.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <thread>
#include <unordered_set>
#include <vector>

namespace tempeh::flows {

/// A server with a thread of its own: any number of listeners, one waitReceive loop, and one service that
/// gets every message. Its own thread may call stop() but must not destroy it.
class TEMPEH_EXPORT ServiceThread {
public:
    /// Listens at all addresses, starts the service, and runs it. Engine and service must outlive this.
    /// Blocks until every listener is bound, for `timeout` at most. Throws Error when an address cannot be
    /// bound (naming it; ListenFailed at the timeout too), for a client's address, and on the engine's own
    /// thread (NotAllowed). Passes on what Service::start() throws. Throws std::system_error when no thread
    /// can be started.
    ServiceThread(Ampe& engine, const std::vector<Address>& addresses, Service& service,
                  Timeout timeout = std::chrono::seconds(10));
    ServiceThread(const ServiceThread&) = delete;
    ServiceThread& operator=(const ServiceThread&) = delete;
    /// Calls stop(). Waits for a service that does not return from onMessage(), because the service is still
    /// in use.
    ~ServiceThread();

    /// The addresses that were bound, in the order given.
    const std::vector<Address>& addresses() const noexcept { return bound_; }

    /// Ends the loop after the current message, stops the service, and closes all channels. Waits for that,
    /// except on the loop's own thread. Any thread, any number of times.
    void stop() noexcept;
    /// The same, waiting for `timeout` at most. Returns false if the service has not returned from
    /// onMessage() or stop() by then.
    bool stop(Timeout timeout) noexcept;
    bool isRunning() const noexcept { return isRunning_.load(std::memory_order_acquire); }

    /// The exception from onMessage() that ended the loop, if there was one; the log has it too. Call it
    /// after stop().
    std::exception_ptr failure() const noexcept { return failure_; }

private:
    void listen(Ampe& engine, const std::vector<Address>& addresses, Duration timeout);
    void awaitBound(const std::vector<Address>& addresses, std::vector<ChannelNumber> listeners,
                    Duration timeout);
    void beginStop() noexcept;
    /// Waits for the end of the loop. TimePoint::max(): however long it takes.
    bool hasEndedBy(TimePoint until) noexcept;
    void run() noexcept;
    void loop();

    ChannelGroup group_;
    BlockingChannelGroup channels_;
    Service& service_;
    std::vector<Address> bound_;
    std::unordered_set<ChannelNumber> listeners_;
    MessageQueue early_;  // from clients that were faster than the last listener
    std::atomic<bool> isStopping_{false};
    std::atomic<bool> isRunning_{true};
    std::exception_ptr failure_;
    std::atomic<std::thread::id> loopThread_{};
    base::Mutex joining_;
    base::Mutex ending_;
    std::condition_variable ended_;  // with ending_: isRunning_ became false
    std::thread thread_ TEMPEH_GUARDED_BY(joining_);
};

}  // namespace tempeh::flows

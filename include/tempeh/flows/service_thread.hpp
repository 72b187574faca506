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

/// A server in one thread of its own: any number of listeners, one waitReceive loop, one service that gets
/// everything. Its own thread may call stop() but not destroy it.
class TEMPEH_EXPORT ServiceThread {
public:
    /// Listens at all addresses, starts the service and runs it. Engine and service must outlive it. Blocks
    /// until every listener is bound, for `timeout` at most. Throws Error when one cannot be (naming the
    /// address; ListenFailed at the timeout too), for a client's address, on the engine's own thread
    /// (NotAllowed); what Service::start() throws; std::system_error when there is no thread.
    ServiceThread(Ampe& engine, const std::vector<Address>& addresses, Service& service,
                  Timeout timeout = std::chrono::seconds(10));
    ServiceThread(const ServiceThread&) = delete;
    ServiceThread& operator=(const ServiceThread&) = delete;
    /// stop(): a service that does not come back from onMessage() holds it up, since it is in use.
    ~ServiceThread();

    /// What was really bound, in the order given.
    const std::vector<Address>& addresses() const noexcept { return bound_; }

    /// Ends the loop after the message in hand, stops the service, closes all channels. Waits for that,
    /// except on the loop's own thread. Any thread, any number of times.
    void stop() noexcept;
    /// The same, waiting for so long at most. False: the service has not come back from onMessage() or
    /// stop().
    bool stop(Timeout timeout) noexcept;
    bool isRunning() const noexcept { return isRunning_.load(std::memory_order_acquire); }

    /// What onMessage() threw, if that ended the loop (the log has it too); after stop().
    std::exception_ptr failure() const noexcept { return failure_; }

private:
    void listen(Ampe& engine, const std::vector<Address>& addresses, Duration timeout);
    void awaitBound(const std::vector<Address>& addresses, std::vector<ChannelNumber> listeners,
                    Duration timeout);
    void beginStop() noexcept;
    /// Waits for it; TimePoint::max(): however long it takes.
    bool hasEndedBy(TimePoint until) noexcept;
    void run() noexcept;
    void loop();

    ChannelGroup group_;
    BlockingChannelGroup channels_;
    Service& service_;
    std::vector<Address> bound_;
    std::unordered_set<ChannelNumber> listeners_;
    MessageQueue early_;  // from clients that were quicker than the last listener
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

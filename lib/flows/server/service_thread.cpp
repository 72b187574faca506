#include "flows/hub/time_source.hpp"
#include "flows/hub/warning_log.hpp"
#include "flows/peer/error_detail.hpp"

#include <tempeh/flows/service_thread.hpp>

#include <algorithm>
#include <string>
#include <variant>

namespace tempeh::flows {

ServiceThread::ServiceThread(Ampe& engine, const std::vector<Address>& addresses, Service& service,
                             Timeout timeout)
    : group_(engine.createGroup()), channels_(group_.blocking()), service_(service) {
    listen(engine, addresses, timeout);
    service_.start(engine, channels_);
    try {
        thread_ = std::thread([this] { run(); });
    } catch (...) {
        service_.stop();
        throw;
    }
}

ServiceThread::~ServiceThread() {
    stop();
}

void ServiceThread::listen(Ampe& engine, const std::vector<Address>& addresses, Duration timeout) {
    std::vector<ChannelNumber> channels;
    for (const Address& address : addresses) {
        if (!wire::isServer(address)) throw Error(make_error_code(Status::WrongAddress), toString(address));
        MessagePtr welcome = engine.get();
        format(address, *welcome);
        channels.push_back(channels_.post(std::move(welcome)).channelNumber);
    }
    listeners_.insert(channels.begin(), channels.end());
    bound_ = addresses;
    awaitBound(addresses, std::move(channels), timeout);
}

void ServiceThread::awaitBound(const std::vector<Address>& addresses, std::vector<ChannelNumber> listeners,
                               Duration timeout) {
    const detail::TimeSource time(group_);
    const TimePoint deadline = time.after(timeout);
    for (std::size_t waiting = listeners.size(); waiting > 0;) {
        MessagePtr message = channels_.waitReceive(time.until(deadline));
        if (message == nullptr)
            throw Error(
                make_error_code(Status::ListenFailed),
                "not done in time: a name takes long to look up, or " + std::string(detail::engineIsSilent));
        if (message->header.opCode != OpCode::WelcomeResponse) {
            early_.pushBack(std::move(message));
            continue;
        }
        const auto found = std::ranges::find(listeners, message->header.channelNumber);
        const auto place = static_cast<std::size_t>(found - listeners.begin());
        if (message->status() != Status::Success) {
            const std::string reason(message->textHeaders.find(wire::reasonHeader).value_or(""));
            throw Error(message->status(), detail::placeAndCause(toString(addresses[place]), reason));
        }
        bound_[place] = parseAddress(*message);
        --waiting;
    }
}

void ServiceThread::run() noexcept {
    loopThread_.store(std::this_thread::get_id());
    try {
        loop();
    } catch (...) {
        failure_ = std::current_exception();
        detail::WarningLog(group_).write(detail::Warning::HandlerThrew,
                                         "multi-homed server: the service threw", failure_);
    }
    service_.stop();
    group_ = ChannelGroup();
    const base::MutexLock lock(ending_);
    isRunning_.store(false, std::memory_order_release);
    ended_.notify_all();
}

void ServiceThread::loop() {
    while (!isStopping_.load(std::memory_order_acquire)) {
        MessagePtr message = early_.popFront();
        if (message == nullptr) {
            error_code ec;
            message = channels_.waitReceive(infinite, ec);
            if (ec) return;  // the engine has ended
        }
        if (isStopping_.load(std::memory_order_acquire)) return;
        if (listeners_.contains(message->header.channelNumber)) continue;
        if (!service_.onMessage(message)) return;
    }
}

void ServiceThread::beginStop() noexcept {
    isStopping_.store(true, std::memory_order_release);
    error_code ec;  // ended already
    channels_.updateReceiver(nullptr, ec);
}

bool ServiceThread::hasEndedBy(TimePoint until) noexcept {
    base::WaitableLock lock(ending_);
    return lock.waitUntil(ended_, until, [this] { return !isRunning(); });
}

bool ServiceThread::stop(Timeout timeout) noexcept {
    beginStop();
    if (loopThread_.load() == std::this_thread::get_id()) return true;
    if (!hasEndedBy(timeAfter(std::chrono::steady_clock::now(), timeout))) return false;
    stop();
    return true;
}

void ServiceThread::stop() noexcept {
    beginStop();
    if (loopThread_.load() == std::this_thread::get_id()) return;
    const base::MutexLock lock(joining_);
    if (thread_.joinable()) thread_.join();
}

}  // namespace tempeh::flows

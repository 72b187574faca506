// How groups and the engine end.

#include "core/engine.hpp"
#include "core/group.hpp"
#include "core/io_channel.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/system_executor.hpp>

#include <algorithm>
#include <future>

namespace tempeh::core {

void Engine::closeGroup(const std::shared_ptr<Group>& group) {
    if (defer([this, group] { closeGroupNow(*group); })) return;
    // The context is gone, and the reactor thread with it: several threads may come here.
    const std::scoped_lock lock(goneMutex_);
    closeGroupNow(*group);
    switchboard_.buryRetired();
}

void Engine::closeGroupNow(Group& group) {
    if (group.isClosing) return;
    group.isClosing = true;
    const std::shared_ptr<Group> keepAlive = group.self();
    drainSubmissions();
    group.receiveDeadline.reset();
    std::vector<ChannelPtr> channels;
    {
        const std::scoped_lock lock(switchboard_.mutex());
        for (Channel& channel : group.channels)
            channels.emplace_back(&channel);
    }
    for (const ChannelPtr& channel : channels) {
        if (channel->door.hasEnded)
            retire(*channel);
        else
            channel->detach();
    }
    group.mailbox().closeAndClear(asio::error::operation_aborted);
    pool_->closeAccount(std::exchange(group.account, nullptr));
    const std::scoped_lock lock(groupsMutex_);
    std::erase(groups_, keepAlive);
}

ShutdownReport Engine::shutdown(Duration deadline, error_code& ec) {
    ec.clear();
    ShutdownReport report;
    if (wouldBlockReactor()) {
        ec = Status::NotAllowed;
        return report;
    }
    const TimePoint start = std::chrono::steady_clock::now();
    const TimePoint until = deadline >= TimePoint::max() - start ? TimePoint::max() : start + deadline;
    if (!beginShutdown()) return report;
    {
        std::unique_lock lock(groupsMutex_);
        const auto isDrained = [this] { return isDrained_; };
        if (until == TimePoint::max())
            drained_.wait(lock, isDrained);
        else
            drained_.wait_until(lock, until, isDrained);
    }
    // What is left is named on the reactor thread, which alone may look; one that does not answer is named
    // itself.
    const auto promise = std::make_shared<std::promise<ShutdownReport>>();
    std::future<ShutdownReport> future = promise->get_future();
    defer([this, promise] { promise->set_value(endShutdown()); });
    const bool answered =
        future.wait_for(std::max<Duration>(options_.lingerTimeout, std::chrono::milliseconds(100))) ==
        std::future_status::ready;
    try {
        if (answered) return future.get();
    } catch (const std::future_error&) {
        return report;  // the context ended first, and every channel with it
    }
    report.complete = false;
    report.blocked.emplace_back(
        "the engine's thread does not respond: a handler on it blocks, or nobody runs its context");
    return report;
}

bool Engine::beginShutdown() {
    switchboard_.close();
    {
        const std::scoped_lock lock(groupsMutex_);
        groupsClosed_ = true;
    }
    return defer([this] { beginDrain(); });
}

bool Engine::isDrained() const {
    const std::scoped_lock lock(groupsMutex_);
    return isDrained_;
}

ShutdownReport Engine::endShutdown() {
    ShutdownReport report;
    reportBacklog(report);
    forceStop();
    return report;
}

void Engine::beginDrain() {
    if (draining_) return noteDrained();
    draining_ = true;
    drainSubmissions();
    for (const ChannelPtr& channel : switchboard_.all())
        if (!channel->door.hasEnded) channel->drainForShutdown();
    noteDrained();
}

void Engine::noteEnded(const Channel& channel, machines::EndCause cause, Status status,
                       const std::string& detail, std::size_t returned) {
    liveChannels_.fetch_sub(1, std::memory_order_relaxed);
    logEnd(channel, cause, status, detail, returned);
    if (draining_) noteDrained();
}

void Engine::logEnd(const Channel& channel, machines::EndCause cause, Status status,
                    const std::string& detail, std::size_t returned) const {
    const bool isViolation = cause == machines::EndCause::Violation;
    if (!isViolation && !log_.wantsDebug()) return;
    std::string text = "channel " + std::to_string(channel.number()) + " (" + channel.door.peerAddress +
                       ") ended: " + std::string(machines::describe(cause)) + ", " +
                       std::string(nameOf(status));
    if (!detail.empty()) text += ", " + detail;
    if (returned != 0) text += "; " + std::to_string(returned) + " messages come back";
    // A peer can cause this as often as it likes, so it is no warning.
    if (isViolation)
        log_.info(text);
    else
        log_.debug(text);
}

void Engine::noteDrained() {
    if (liveChannels_.load(std::memory_order_relaxed) != 0) return;
    {
        const std::scoped_lock lock(groupsMutex_);
        isDrained_ = true;
    }
    drained_.notify_all();
}

void Engine::reportBacklog(ShutdownReport& report) const {
    for (const ChannelPtr& channel : switchboard_.all()) {
        if (channel->door.hasEnded) continue;
        std::string line = channel->describeBacklog();
        if (line.empty()) line = "channel " + std::to_string(channel->number()) + " did not close";
        report.blocked.push_back(std::move(line));
    }
    report.complete = report.blocked.empty();
}

void Engine::forceStop() {
    switchboard_.close();
    draining_ = true;
    drainSubmissions();
    for (const ChannelPtr& channel : switchboard_.all())
        if (!channel->door.hasEnded) channel->end(machines::EndCause::Shutdown, Status::ShutdownStarted, {});
    std::vector<std::shared_ptr<Group>> groups;
    {
        const std::scoped_lock lock(groupsMutex_);
        groupsClosed_ = true;
        groups = groups_;
    }
    for (const std::shared_ptr<Group>& group : groups) {
        group->receiveDeadline.reset();
        group->mailbox().close(make_error_code(Status::ShutdownStarted));
    }
    noteDrained();
}

void Engine::closeLingering() {
    std::vector<ChannelPtr> channels;
    for (Channel& channel : active_)
        channels.emplace_back(&channel);
    for (const ChannelPtr& channel : channels) {
        // Detached channels have no number any more, so forceStop() did not see them.
        if (!channel->door.hasEnded) channel->end(machines::EndCause::Shutdown, Status::ShutdownStarted, {});
        channel->closeStream();
    }
}

/// Nothing of the context's is left in any channel; what was posted comes back.
void Engine::abandonChannels() noexcept {
    std::vector<ChannelPtr> channels;
    for (Channel& channel : active_)
        channels.emplace_back(&channel);
    for (const ChannelPtr& channel : channels)
        channel->abandon();
    for (const ChannelPtr& channel : switchboard_.all())
        if (!channel->door.hasEnded) channel->end(machines::EndCause::Shutdown, Status::ShutdownStarted, {});
}

void Engine::releaseContext() noexcept {
    const std::scoped_lock gone(goneMutex_);
    {
        const std::scoped_lock lock(contextMutex_);
        if (contextGone_) return;
        contextGone_ = true;
    }
    switchboard_.close();
    abandonChannels();
    while (!ready_.empty()) {
        detail::Waiter& waiter = ready_.front();
        ready_.pop_front();
        waiter.resume(false);
    }
    timer_.reset();
    network_.reset();
    {
        // A strand must not outlive its context; groups that do hold this engine.
        const std::scoped_lock lock(contextMutex_);
        executor_ = asio::system_executor();
        wakeChannel_.release();
    }
    std::vector<std::shared_ptr<Group>> groups;
    {
        const std::scoped_lock lock(groupsMutex_);
        groupsClosed_ = isDrained_ = true;
        groups = groups_;
    }
    drained_.notify_all();
    for (const std::shared_ptr<Group>& group : groups) {
        group->receiveDeadline.reset();
        group->mailbox().close(make_error_code(Status::ShutdownStarted));
        if (group->isClosed()) closeGroupNow(*group);  // what was to do it has gone with the context
    }
    switchboard_.buryRetired();
}

}  // namespace tempeh::core

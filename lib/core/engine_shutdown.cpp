// How groups and the engine end.

#include "core/engine.hpp"
#include "core/group.hpp"
#include "core/io_channel.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/system_executor.hpp>

#include <algorithm>
#include <future>

namespace tempeh::core {

void Engine::closeGroup(const std::shared_ptr<Group>& group) noexcept {
    if (submit(group->closing, group)) return;
    // The context is gone, and the reactor thread with it: several threads may come here.
    const base::MutexLock lock(goneMutex_);
    closeGroupNow(*group);
    submitQueue_.buryRetired();
}

void Engine::closeGroupNow(Group& group) noexcept {
    if (group.isClosing) return;
    group.isClosing = true;
    const std::shared_ptr<Group> keepAlive = group.self();
    drainSubmissions();
    group.receiveDeadline.reset();
    ChannelList<SweptTag> channels;  // the group's own list changes meanwhile
    channelTable_.closeGroup(group.channels, channels);
    while (!channels.empty()) {
        const ChannelPtr channel(&channels.front());
        channels.pop_front();
        if (channel->submissions.hasEnded() && !channel->isEnding())
            retire(*channel);
        else
            channel->detach();
    }
    group.mailbox().closeAndClear(asio::error::operation_aborted);
    forgetGroup(group);
    pool_->closeAccount(std::exchange(group.account, nullptr));
    if (!paused_.empty()) onReturned();  // the others' shares have grown
}

/// The last one takes its place: leaving takes the same time however many there are.
void Engine::forgetGroup(Group& group) noexcept {
    const base::MutexLock lock(groupsMutex_);
    groups_[group.place].swap(groups_.back());
    groups_[group.place]->place = group.place;
    groups_.pop_back();
    updateShareOfPool();
}

/// Visits every channel that has a number now; it may end meanwhile.
template <typename Visit>
void Engine::forEachChannel(Visit visit) const {
    std::size_t number = 0;
    for (std::size_t left = channelTable_.inUse(); left != 0; --left) {
        const ChannelPtr channel = channelTable_.firstFrom(number);
        if (channel == nullptr) return;
        number = std::size_t{channel->number()} + 1;
        visit(*channel);
    }
}

/// Ends the mailboxes of all groups, with ShutdownStarted. `closedOnes`: those whose handle is gone are
/// closed altogether.
void Engine::forEachGroup(bool closedOnes) noexcept {
    for (std::size_t i = 0;; ++i) {
        std::shared_ptr<Group> group;
        {
            const base::MutexLock lock(groupsMutex_);
            if (i >= groups_.size()) return;
            group = groups_[i];
        }
        group->receiveDeadline.reset();
        group->mailbox().close(make_error_code(Status::ShutdownStarted));
        if (!closedOnes || !group->isClosed() || group->isClosing) continue;
        closeGroupNow(*group);
        --i;  // the last one is there now
    }
}

ShutdownReport Engine::shutdown(Duration deadline, error_code& ec) {
    ec.clear();
    ShutdownReport report;
    if (wouldBlockReactor()) {
        ec = Status::NotAllowed;
        return report;
    }
    // What this takes is there before anything stops.
    const auto promise = std::make_shared<std::promise<ShutdownReport>>();
    std::future<ShutdownReport> future = promise->get_future();
    const auto finish = [this, promise] { promise->set_value(endShutdown()); };
    const auto finishing = std::make_shared<JobOf<decltype(finish)>>(finish);
    const TimePoint until = deadlineAfter(deadline);
    if (!beginShutdown()) return report;
    {
        base::WaitableLock lock(groupsMutex_);
        const auto isDrained = [this]() TEMPEH_REQUIRES(groupsMutex_) { return isDrained_; };
        if (until != TimePoint::min()) lock.waitUntil(drained_, until, isDrained);
    }
    // What is left is named on the reactor thread, which alone may look; one that does not answer is named
    // itself.
    submit(*finishing, finishing);
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

bool Engine::beginShutdown() noexcept {
    channelTable_.close();
    {
        const base::MutexLock lock(groupsMutex_);
        groupsClosed_ = true;
    }
    return submit(drain_, weak_from_this().lock());
}

bool Engine::isDrained() const {
    const base::MutexLock lock(groupsMutex_);
    return isDrained_;
}

ShutdownReport Engine::endShutdown() noexcept {
    ShutdownReport report;
    reportBacklog(report);
    forceStop();
    return report;
}

void Engine::beginDrain() noexcept {
    if (draining_) return noteDrained();
    draining_ = true;
    drainSubmissions();
    forEachChannel([](Channel& channel) {
        if (!channel.submissions.hasEnded()) channel.drainForShutdown();
    });
    noteDrained();
}

void Engine::noteEnded() noexcept {
    liveChannels_.fetch_sub(1, std::memory_order_relaxed);
    if (draining_) noteDrained();
}

void Engine::logEnd(const Channel& channel, machines::EndCause cause, Status status, const EndDetail& detail,
                    std::size_t returned) const noexcept try {
    const bool isViolation = cause == machines::EndCause::Violation;
    if (!isViolation && !log_.wantsDebug()) return;
    std::string text = "channel " + std::to_string(channel.number()) + " (" + channel.addresses.peer() +
                       ") ended: " + std::string(machines::describe(cause)) + ", " +
                       std::string(nameOf(status));
    if (!detail.empty()) text += ", " + detail.text();
    if (returned != 0) text += "; " + std::to_string(returned) + " messages come back";
    // A peer can cause this as often as it likes, so it is no warning.
    if (isViolation)
        log_.info(text);
    else
        log_.debug(text);
} catch (const std::bad_alloc&) {
    // One line less.
}

void Engine::warnOfUnansweredHello(const Channel& channel, Duration waited) noexcept try {
    const std::optional<std::uint64_t> unsaid = unansweredHellos_.pass(now());
    if (!unsaid) return;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(waited).count();
    std::string text = "channel " + std::to_string(channel.number()) + " (" + channel.addresses.peer() +
                       ") left after " + std::to_string(seconds) +
                       " s without an answer to its hello: does anybody receive in its group, or serve?";
    if (*unsaid != 0) text += " (" + std::to_string(*unsaid) + " more since the last warning)";
    log_.warn(text);
} catch (const std::bad_alloc&) {
    // One line less.
}

void Engine::noteDrained() noexcept {
    if (liveChannels_.load(std::memory_order_relaxed) != 0) return;
    {
        const base::MutexLock lock(groupsMutex_);
        isDrained_ = true;
    }
    drained_.notify_all();
}

void Engine::reportBacklog(ShutdownReport& report) const noexcept {
    try {
        forEachChannel([&report](const Channel& channel) {
            if (channel.submissions.hasEnded()) return;
            report.complete = false;
            std::string line = channel.describeBacklog();
            if (line.empty()) line = "channel " + std::to_string(channel.number()) + " did not close";
            report.blocked.push_back(std::move(line));
        });
    } catch (const std::bad_alloc&) {
        // It is said that there is a rest, if not all of it.
    }
}

void Engine::endAll() noexcept {
    forEachChannel([](Channel& channel) {
        if (!channel.submissions.hasEnded())
            channel.end(machines::EndCause::Shutdown, Status::ShutdownStarted, {});
        channel.completeEnd();
    });
}

void Engine::forceStopSoon() noexcept {
    submit(stopping_, weak_from_this().lock());
}

void Engine::forceStop() noexcept {
    channelTable_.close();
    draining_ = true;
    drainSubmissions();
    endAll();
    {
        const base::MutexLock lock(groupsMutex_);
        groupsClosed_ = true;
    }
    forEachGroup(false);
    noteDrained();
}

void Engine::closeLingering() noexcept {
    ChannelList<SweptTag> channels;  // active_ changes meanwhile
    for (Channel& channel : active_)
        channels.push_back(channel);
    while (!channels.empty()) {
        const ChannelPtr channel(&channels.front());
        channels.pop_front();
        // Detached channels have no number any more, so forceStop() did not see them.
        if (!channel->submissions.hasEnded())
            channel->end(machines::EndCause::Shutdown, Status::ShutdownStarted, {});
        channel->completeEnd();
        channel->closeStream();
    }
}

/// Nothing of the context's is left in any channel; what was posted comes back.
void Engine::abandonChannels() noexcept {
    while (!active_.empty()) {
        const ChannelPtr channel(&active_.front());
        channel->abandon();
    }
    endAll();
}

void Engine::releaseContext() noexcept {
    const base::MutexLock gone(goneMutex_);
    if (!contextUse_.close()) return;
    WaiterList late;
    {
        const base::MutexLock lock(contextMutex_);
        contextGone_ = true;
        late.swap(arriving_);
    }
    channelTable_.close();
    abandonChannels();
    while (!late.empty()) {
        detail::Waiter& waiter = late.front();
        late.pop_front();
        refuse(waiter, Status::ShutdownStarted);
    }
    while (!ready_.empty()) {
        detail::Waiter& waiter = ready_.front();
        ready_.pop_front();
        waiter.resume(false);
    }
    resumeAgain();
    timer_.reset();
    network_.reset();
    {
        // A strand must not outlive its context; groups that do hold this engine.
        const base::MutexLock lock(contextMutex_);
        executor_ = asio::system_executor();
        context_.store(nullptr, std::memory_order_relaxed);
        wakeChannel_.release();
        soonChannel_.release();
    }
    {
        const base::MutexLock lock(groupsMutex_);
        groupsClosed_ = isDrained_ = true;
    }
    drained_.notify_all();
    forEachGroup(true);  // what was to close some of them has gone with the context
    submitQueue_.dropJobs();
    submitQueue_.dropListed();
    submitQueue_.buryRetired();
}

}  // namespace tempeh::core

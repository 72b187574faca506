#include "core/engine/engine_life.hpp"

#include "core/channel/io_channel.hpp"
#include "core/engine/engine.hpp"
#include "core/group/group.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <exception>
#include <future>
#include <utility>

namespace tempeh::core {

void EngineLife::closeGroup(const std::shared_ptr<Group>& group) noexcept {
    if (engine_.submit(group->closing, group)) return;
    // The context is gone, and the reactor thread with it: several threads may get here.
    const base::MutexLock lock(goneMutex_);
    closeGroupNow(*group);
    engine_.submitQueue().buryRetired();
}

void EngineLife::closeGroupNow(Group& group) noexcept {
    if (group.isClosing) return;
    group.isClosing = true;
    const std::shared_ptr<Group> keepAlive = group.self();
    engine_.posting().collect();
    group.receiveDeadline.reset();
    ChannelList<SweptTag> channels;  // the group's own list changes meanwhile
    engine_.channelTable().closeGroup(group.channels, channels);
    while (!channels.empty()) {
        const ChannelPtr channel(&channels.front());
        channels.pop_front();
        if (channel->submissions.hasEnded() && !channel->isEnding())
            engine_.submitQueue().retire(*channel);
        else
            channel->detach();
    }
    group.mailbox().closeAndClear(asio::error::operation_aborted);
    engine_.groups().remove(group);
    engine_.pool().closeAccount(group.inbound.takeAccount());
    if (engine_.inbound().isAnyPaused()) engine_.resumePausedSoon();  // other groups' shares have grown
}

/// Visits every channel that has a number now; channels may end meanwhile.
template <typename Visit>
void EngineLife::forEachChannel(Visit visit) const {
    std::size_t number = 0;
    for (std::size_t left = engine_.channelTable().inUse(); left != 0; --left) {
        const ChannelPtr channel = engine_.channelTable().firstFrom(number);
        if (channel == nullptr) return;
        number = std::size_t{channel->number()} + 1;
        visit(*channel);
    }
}

/// Closes the mailboxes of all groups, with ShutdownStarted. `closedOnes`: also closes the groups whose
/// handle is gone.
void EngineLife::closeGroups(bool closedOnes) noexcept {
    for (std::size_t i = 0;; ++i) {
        const std::shared_ptr<Group> group = engine_.groups().at(i);
        if (group == nullptr) return;
        group->receiveDeadline.reset();
        group->mailbox().close(make_error_code(Status::ShutdownStarted));
        if (!closedOnes || !group->isClosed() || group->isClosing) continue;
        closeGroupNow(*group);
        --i;  // the last group is now at this index
    }
}

ShutdownReport EngineLife::shutdown(Duration deadline, error_code& ec) {
    ec.clear();
    ShutdownReport report;
    if (engine_.wouldBlockReactor()) {
        ec = Status::NotAllowed;
        return report;
    }
    // Allocate everything needed before anything stops.
    const auto promise = std::make_shared<std::promise<ShutdownReport>>();
    std::future<ShutdownReport> future = promise->get_future();
    const auto finish = [this, promise] { promise->set_value(endShutdown()); };
    const auto finishing = std::make_shared<TaskOf<decltype(finish)>>(finish);
    const TimePoint until = deadlineAfter(deadline);
    if (!begin()) return report;
    drained_.waitUntil(until);
    // Only the reactor thread may look at the remaining channels, so it lists them. If it does not respond,
    // the report lists the reactor thread itself.
    engine_.submit(*finishing, finishing);
    const bool answered =
        future.wait_for(std::max<Duration>(engine_.options().lingerTimeout,
                                           std::chrono::milliseconds(100))) == std::future_status::ready;
    try {
        if (answered) return future.get();
    } catch (const std::future_error&) {
        return report;  // the context ended first, and every channel with it
    }
    report.complete = false;
    report.blocked.emplace_back(
        "the engine's thread does not respond: a handler blocks it, or no thread runs its context");
    return report;
}

bool EngineLife::begin() noexcept {
    engine_.channelTable().close();
    engine_.groups().close();
    return engine_.submit(drain_, engine_.weak_from_this().lock());
}

ShutdownReport EngineLife::endShutdown() noexcept {
    ShutdownReport report;
    reportBacklog(report);
    forceStop();
    return report;
}

void EngineLife::beginDrain() noexcept {
    if (!std::exchange(isDraining_, true)) {
        engine_.posting().collect();
        forEachChannel([](Channel& channel) {
            if (!channel.submissions.hasEnded()) channel.drainForShutdown();
        });
    }
    drained_.openIfDrained();
}

void EngineLife::noteEnded() noexcept {
    drained_.noteEnded();
    if (isDraining_) drained_.openIfDrained();
}

void EngineLife::noteNotOpened() noexcept {
    drained_.noteEnded();
    if (engine_.channelTable().isClosed()) drained_.openIfDrained();
}

EngineLife::Use::Use(std::shared_ptr<Engine> engine) noexcept : engine_(std::move(engine)) {
    ++engine_->life().uses_;
}

EngineLife::Use::~Use() {
    if (engine_ != nullptr) --engine_->life().uses_;
}

EngineLife::Use EngineLife::use() noexcept {
    return Use(engine_.shared_from_this());
}

/// Counts a coroutine until its completion has run or was destroyed with the coroutine.
class EngineLife::Running {
public:
    Running(Engine& engine, Use use) noexcept : engine_(engine), use_(std::move(use)) {}
    void operator()(const std::exception_ptr& failure) const noexcept {
        // The last turn leaves no timer behind, which would keep the context busy.
        const Engine::Turn turn(engine_);
        if (failure != nullptr) engine_.log().error("a channel's coroutine ended with an exception");
    }

private:
    Engine& engine_;
    Use use_;
};

void EngineLife::spawn(asio::awaitable<void> coroutine) {
    asio::co_spawn(engine_.context().executorHere(), std::move(coroutine), Running(engine_, use()));
}

void EngineLife::reportBacklog(ShutdownReport& report) const noexcept {
    try {
        forEachChannel([&report](const Channel& channel) {
            if (channel.submissions.hasEnded()) return;
            report.complete = false;
            std::string line = channel.describeBacklog();
            if (line.empty()) line = "channel " + std::to_string(channel.number()) + " did not close";
            report.blocked.push_back(std::move(line));
        });
    } catch (const std::bad_alloc&) {
        // The report shows that channels are left, but not all of them.
    }
}

void EngineLife::endAll() noexcept {
    forEachChannel([](Channel& channel) {
        if (!channel.submissions.hasEnded())
            channel.end(machines::EndCause::Shutdown, Status::ShutdownStarted, {});
        channel.completeEnd();
    });
}

void EngineLife::forceStopSoon() noexcept {
    engine_.submit(stopping_, engine_.weak_from_this().lock());
}

void EngineLife::forceStop() noexcept {
    engine_.channelTable().close();
    isDraining_ = true;
    engine_.posting().collect();
    endAll();
    engine_.groups().close();
    closeGroups(false);
    drained_.openIfDrained();
}

void EngineLife::closeLingering() noexcept {
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

/// Releases everything in the channels that belongs to the context; posted messages come back.
void EngineLife::abandonChannels() noexcept {
    while (!active_.empty()) {
        const ChannelPtr channel(&active_.front());
        channel->abandon();
    }
    endAll();
}

void EngineLife::releaseContext() noexcept {
    const base::MutexLock gone(goneMutex_);
    if (!engine_.context().close()) return;
    engine_.channelTable().close();
    abandonChannels();
    engine_.releaseContext();
    engine_.groups().close();
    drained_.open();
    closeGroups(true);  // the tasks that should close some of them are gone with the context
    engine_.submitQueue().dropTasks();
    engine_.submitQueue().dropListed();
    engine_.submitQueue().buryRetired();
}

}  // namespace tempeh::core

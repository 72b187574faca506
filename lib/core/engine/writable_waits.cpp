#include "core/engine/writable_waits.hpp"

#include "core/channel/io_channel.hpp"
#include "core/engine/engine.hpp"
#include "core/group/group.hpp"

namespace tempeh::core {

namespace {

void refuse(detail::Waiter& waiter, Status reason) noexcept {
    waiter.abortReason = reason;
    waiter.resume(false);
}

}  // namespace

bool WritableWaits::isWritable(const Group& group, ChannelNumber number, error_code& ec) const {
    ec.clear();
    Status status = Status::Success;
    const bool isWritable = engine_.submitQueue().isWritable(group.channels, number, status);
    if (status != Status::Success) ec = status;
    return isWritable;
}

void WritableWaits::start(Group& group, detail::Waiter& waiter, ChannelNumber channel) noexcept {
    waiter.channel = channel;
    waiter.group = &group;
    if (engine_.isReactorThread()) return begin(waiter);
    const ContextUse::Hold context = engine_.context().hold();
    if (!context) return refuse(waiter, Status::ShutdownStarted);
    arriving_.push(waiter);
    engine_.submit(arrivals_, engine_.shared_from_this());
}

void WritableWaits::beginArrived() noexcept {
    while (detail::Waiter* const waiter = arriving_.pop())
        begin(*waiter);
}

void WritableWaits::begin(detail::Waiter& waiter) noexcept {
    if (engine_.submitQueue().hasSubmissions()) engine_.posting().collect();
    Channel* channel = engine_.channelTable().peek(waiter.channel);
    const auto& group = static_cast<const Group&>(*waiter.group);
    const Status status = SubmitQueue::checkConnection(channel, group.channels);
    if (status == Status::Success) return channel->connection()->waitWritable(waiter);
    refuse(waiter, status);
}

void WritableWaits::cancel(detail::Waiter& waiter, ChannelNumber number) noexcept {
    if (engine_.submitQueue().cancel(waiter, number)) engine_.wake();
}

void WritableWaits::resumeLater(detail::Waiter& waiter) noexcept {
    const ContextUse::Hold context = engine_.context().hold();
    if (!context) return waiter.resume(false);
    again_.push(waiter);
    engine_.submit(resumptions_, engine_.shared_from_this());
}

void WritableWaits::resumeAgain() noexcept {
    WaiterList waiters = again_.takeAll();  // not those that are added meanwhile
    resumeAll(waiters);
}

void WritableWaits::refuseArriving() noexcept {
    while (detail::Waiter* const waiter = arriving_.pop())
        refuse(*waiter, Status::ShutdownStarted);
}

}  // namespace tempeh::core

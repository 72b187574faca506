#include "core/group/group.hpp"

#include "core/group/blocking_waiter.hpp"
#include "core/group/stamp.hpp"

#include <boost/asio/error.hpp>

namespace tempeh::core {

namespace {

/// A receiver that always finds a message lets others on its executor run after this many.
constexpr unsigned messagesPerYield = 1024;

}  // namespace

Group::Group(std::shared_ptr<Engine> engine, std::uint64_t ordinal)
    : number(ordinal), inbound(engine->pool().openAccount()), engine_(std::move(engine)), mailbox_(*this) {}

Group::~Group() = default;

BinaryHeader Group::post(MessagePtr& message, error_code& ec) noexcept {
    if (isClosed()) [[unlikely]] {
        ec = Status::InvalidChannelGroup;
        return {};
    }
    try {
        return engine_->posting().post(*this, message, ec);
    } catch (const std::bad_alloc&) {
        ec = Status::AllocationFailed;
        return {};
    }
}

std::size_t Group::postAll(MessageQueue& messages, error_code& ec) noexcept {
    if (!isClosed()) [[likely]]
        return engine_->posting().postAll(*this, messages, ec);
    ec = Status::InvalidChannelGroup;
    return 0;
}

void Group::updateReceiver(MessagePtr& message, error_code& ec) noexcept {
    ec.clear();
    if (isClosed_.load(std::memory_order_acquire) || engine_->channelTable().isClosed()) {
        ec = Status::ShutdownStarted;
        return;
    }
    if (mailbox_.updates() >= engine_->options().maxPoolMessages) {
        ec = Status::PoolEmpty;
        return;
    }
    try {
        if (message == nullptr) {
            message = engine_->pool().getReserved();
            message->header.opCode = OpCode::Signal;
        }
    } catch (const std::bad_alloc&) {
        ec = Status::AllocationFailed;
        return;
    }
    engine_->posting().settle(*message);
    markFromEngine(*message, Status::ReceiverUpdate);
    noteWake(mailbox_.deliverUpdate(std::move(message)));
}

void Group::distributeTo(const std::vector<std::shared_ptr<detail::GroupBackend>>& members,
                         AcceptPolicy policy, error_code& ec) noexcept {
    ec.clear();
    try {
        std::vector<std::weak_ptr<Group>> groups;
        for (const std::shared_ptr<detail::GroupBackend>& member : members) {
            // Null for an empty handle.
            std::shared_ptr<Group> group = std::dynamic_pointer_cast<Group>(member);
            if (group == nullptr) {
                ec = Status::InvalidChannelGroup;
                return;
            }
            groups.push_back(group);
        }
        acceptTargets.set(std::move(groups), std::move(policy));
    } catch (const std::bad_alloc&) {
        ec = Status::AllocationFailed;
    }
}

ChannelInfo Group::channelInfo(ChannelNumber which, error_code& ec) const {
    ec.clear();
    ChannelInfo info;
    const ChannelPtr channel = engine_->channelTable().find(which);
    if (channel == nullptr)
        ec = Status::InvalidChannelNumber;
    else if (!channel->isOf(channels))
        ec = Status::InvalidChannelGroup;
    else
        channel->fill(info);
    return info;
}

GroupStats Group::stats() const {
    GroupStats stats;
    stats.sent = sent.snapshot(sentDirectly);
    stats.received = received.snapshot();
    stats.wakes = wakes_.get();
    stats.poolEmptyNotices = poolEmptyNotices.get();
    stats.pending = mailbox_.pending();
    stats.returned = returned.snapshot();
    stats.pool = engine_->poolStats();
    stats.channels = engine_->channelTable().count(channels);
    return stats;
}

void Group::close() noexcept {
    if (isClosed_.exchange(true)) return;
    mailbox_.close(asio::error::operation_aborted);
    engine_->life().closeGroup(self());
}

bool Group::mayReceiveAtOnce() noexcept {
    const unsigned count = atOnce_.load(std::memory_order_relaxed) + 1;
    atOnce_.store(count % messagesPerYield, std::memory_order_relaxed);
    return count != messagesPerYield;
}

void Group::startReceive(detail::Waiter& waiter, Duration timeout) noexcept {
    // A receiver on the engine's own context is resumed before the context is destroyed.
    if (waiter.context != nullptr && engine_->context().isOwnContext(*waiter.context))
        waiter.context = nullptr;
    waiter.deadline = deadlineAfter(timeout, engine_->clock());
    const TimePoint deadline = waiter.deadline;  // the waiter may be gone once it is started
    const auto keepAlive = shared_from_this();
    if (mailbox_.start(waiter) && deadline != TimePoint::max()) engine_->armReceive(*this, deadline);
}

bool Group::finishReceive(detail::Waiter& waiter, MessagePtr& message, error_code& ec) noexcept {
    const TimePoint deadline = waiter.deadline;
    if (mailbox_.finish(waiter, message, ec)) return true;
    if (deadline != TimePoint::max()) engine_->armReceive(*this, deadline);
    return false;
}

MessagePtr Group::receiveBlocking(Duration timeout, error_code& ec) noexcept {
    ec.clear();
    if (engine_->wouldBlockReactor()) {
        ec = Status::NotAllowed;
        return nullptr;
    }
    return mailbox_.receiveBlocking(timeout, engine_->options().busyPoll, ec);
}

void Group::startWritable(detail::Waiter& waiter, ChannelNumber channel, Duration timeout) noexcept {
    waiter.deadline = deadlineAfter(timeout, engine_->clock());
    engine_->writableWaits().start(*this, waiter, channel);
}

void Group::cancelWritable(detail::Waiter& waiter, ChannelNumber channel) noexcept {
    engine_->writableWaits().cancel(waiter, channel);
}

bool Group::writableBlocking(ChannelNumber channel, Duration timeout, error_code& ec) noexcept {
    ec.clear();
    if (engine_->wouldBlockReactor()) {
        ec = Status::NotAllowed;
        return false;
    }
    if (isClosed()) {
        ec = Status::InvalidChannelGroup;
        return false;
    }
    if (timeout <= Duration::zero()) return engine_->writableWaits().isWritable(*this, channel, ec);
    return BlockingWaiter::wait(*this, channel, timeout, ec);
}

void Group::deliver(MessageQueue& batch, bool inlineAllowed) noexcept {
    noteWake(mailbox_.deliver(batch, inlineAllowed));
}

void Group::noteWake(bool isWoken) noexcept {
    if (!isWoken) return;
    wakes_.add();
    engine_->counters().receiverWakes.add();
}

void Group::expireReceive() noexcept {
    const TimePoint next = mailbox_.expire(engine_->now());
    if (next != TimePoint::max()) engine_->armReceive(*this, next);
}

std::shared_ptr<detail::ContextLife> Group::watch(asio::execution_context& context) {
    std::shared_ptr<detail::ContextLife> life = detail::ContextLife::of(context);
    life->add(std::shared_ptr<detail::ContextDependent>(shared_from_this(), this));
    return life;
}

void Group::onContextGone(const detail::ContextLife& life) noexcept {
    if (detail::Waiter* const waiter = mailbox_.takeWaiter(life)) waiter->abandon();
}

MessageQueue Group::onCloseNotice(std::uint64_t obligation) noexcept {
    return engine_->onCloseNotice(obligation);
}

}  // namespace tempeh::core

#pragma once

#include "core/channel/accept_targets.hpp"
#include "core/engine/deadlines.hpp"
#include "core/engine/engine.hpp"
#include "core/group/armed_moment.hpp"
#include "core/group/mailbox.hpp"

#include <tempeh/core/detail/group_backend.hpp>

#include <atomic>
#include <memory>
#include <optional>

namespace tempeh::core {

/// The real engine's implementation of a ChannelGroup: its mailbox, and the list of its channels.
class Group final : public detail::GroupBackend, private MailboxOwner, private detail::ContextDependent {
public:
    /// `ordinal`: its position among the engine's groups in order of creation.
    Group(std::shared_ptr<Engine> engine, std::uint64_t ordinal);
    ~Group() override;

    BinaryHeader post(MessagePtr& message, error_code& ec) noexcept override;
    std::size_t postAll(MessageQueue& messages, error_code& ec) noexcept override;
    void updateReceiver(MessagePtr& message, error_code& ec) noexcept override;
    void setReadMode(ChannelNumber channel, ReadMode mode, error_code& ec) noexcept override {
        engine_->setReadMode(*this, channel, mode, ec);
    }
    void distributeTo(const std::vector<std::shared_ptr<detail::GroupBackend>>& members, AcceptPolicy policy,
                      error_code& ec) noexcept override;
    ChannelInfo channelInfo(ChannelNumber channel, error_code& ec) const override;
    GroupStats stats() const override;
    bool isOpen() const noexcept override { return !isClosed() && !engine_->channelTable().isClosed(); }
    void close() noexcept override;

    bool mayReceiveAtOnce() noexcept override;
    MessagePtr tryReceive(error_code& ec) noexcept override { return mailbox_.tryReceive(ec); }
    MessageQueue tryReceiveAll(error_code& ec) noexcept override { return mailbox_.tryReceiveAll(ec); }
    void startReceive(detail::Waiter& waiter, Duration timeout) noexcept override;
    bool finishReceive(detail::Waiter& waiter, MessagePtr& message, error_code& ec) noexcept override;
    void cancelReceive(detail::Waiter& waiter) noexcept override { mailbox_.cancel(waiter); }
    void forgetReceive(detail::Waiter& waiter) noexcept override { mailbox_.forget(waiter); }
    MessagePtr receiveBlocking(Duration timeout, error_code& ec) noexcept override;

    void startWritable(detail::Waiter& waiter, ChannelNumber channel, Duration timeout) noexcept override;
    void cancelWritable(detail::Waiter& waiter, ChannelNumber channel) noexcept override;
    bool writableBlocking(ChannelNumber channel, Duration timeout, error_code& ec) noexcept override;

    void resumeLater(detail::Waiter& waiter) noexcept override {
        engine_->writableWaits().resumeLater(waiter);
    }
    asio::any_io_executor executor() const noexcept override { return engine_->context().executor(); }
    void logWarning(std::string_view text) const noexcept override { engine_->log().warn(text); }
    bool isOwnExecutor(const asio::any_io_executor& executor) const noexcept override {
        return engine_->isOwnExecutor(executor);
    }
    TimePoint now() const noexcept override { return engine_->now(); }

    // --- For the engine ---

    Engine& engine() const noexcept { return *engine_; }
    Mailbox& mailbox() noexcept { return mailbox_; }
    const Mailbox& mailbox() const noexcept { return mailbox_; }
    /// The handle is gone. Any thread.
    bool isClosed() const noexcept { return isClosed_.load(std::memory_order_acquire); }
    /// Hands messages to the receiver; counts the wake-up. Any thread.
    void deliver(MessageQueue& batch, bool inlineAllowed) noexcept;
    /// The receive deadline fired. Reactor thread.
    void expireReceive() noexcept;
    std::shared_ptr<Group> self() { return std::static_pointer_cast<Group>(shared_from_this()); }
    std::shared_ptr<const Group> self() const {
        return std::static_pointer_cast<const Group>(shared_from_this());
    }

    const std::uint64_t number;      // identifies it in logs
    GroupChannels channels;          // for ChannelTable
    AcceptTargets acceptTargets;     // where its listeners' connections go
    TrafficCounter sent;             // reactor thread
    DirectCounter sentDirectly;      // any thread
    TrafficCounter received;         // reactor thread
    ReturnedCounter returned;        // any thread
    base::Counter poolEmptyNotices;  // reactor thread

    // Reactor thread.
    GroupInbound inbound;
    bool isClosing = false;
    std::size_t place = 0;  // for GroupList, under its lock
    std::optional<Deadline> receiveDeadline;
    /// When receiveDeadline is to fire. Written before the mailbox is checked, read after the mailbox was
    /// changed.
    ArmedMoment armedFor;

private:
    void closeNow() noexcept { engine_->life().closeGroupNow(*this); }
    void armReceiveNow() noexcept { engine_->armReceiveNow(*this); }

public:
    /// The group's tasks for the reactor thread.
    OwnTask<Group, &Group::closeNow> closing{*this};
    OwnTask<Group, &Group::armReceiveNow> arming{*this};

private:
    bool resumeSoon(detail::Waiter& waiter) noexcept override { return engine_->resumeSoon(waiter); }
    MessageQueue onCloseNotice(std::uint64_t obligation) noexcept override;
    void noteWake(bool isWoken) noexcept;
    std::shared_ptr<detail::ContextLife> watch(asio::execution_context& context) override;
    void onContextGone(const detail::ContextLife& life) noexcept override;

    const std::shared_ptr<Engine> engine_;
    Mailbox mailbox_;
    base::SharedCounter wakes_;
    std::atomic<bool> isClosed_{false};
    std::atomic<unsigned> atOnce_{0};  // received without suspending; one consumer, but two may try
};

}  // namespace tempeh::core

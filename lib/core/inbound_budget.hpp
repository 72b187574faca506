#pragma once

#include "core/kept_input.hpp"
#include "message/message_access.hpp"
#include "message/message_pool.hpp"

#include <tempeh/message/message.hpp>

#include <boost/intrusive/list.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace tempeh::core {

/// Whether a frame can wait until the pool has a message for it.
enum class Need : std::uint8_t { CanWait, MustFit };

class InboundReader;

/// What one group has of the pool, and which of its channels wait for it. Reactor thread.
class GroupInbound {
public:
    explicit GroupInbound(detail::InboundAccount* account) noexcept : account_(account) {}

    /// Null once the group is closed.
    detail::InboundAccount* account() const noexcept { return account_; }
    /// The account is the caller's to close.
    detail::InboundAccount* takeAccount() noexcept { return std::exchange(account_, nullptr); }
    /// Messages it received whole that are not back yet.
    std::size_t holds() const noexcept {
        const auto out = static_cast<std::size_t>(account_->outstanding());
        return out > framesUnderWay_ ? out - framesUnderWay_ : 0;
    }
    /// A shortage was announced and is not over.
    bool isShortOfMessages() const noexcept { return isShort_; }
    void noteShortage() noexcept { isShort_ = true; }
    /// A channel of the group has the rest of its frame, or gave it up.
    void noteFrameDone() noexcept { --framesUnderWay_; }

private:
    friend class InboundBudget;

    detail::InboundAccount* account_;
    std::size_t pausedReaders_ = 0;
    std::size_t framesUnderWay_ = 0;  // its channels in the middle of one that holds a message
    std::uint64_t emptyRound_ = 0;    // the last round of resuming in which one of its readers found nothing
    bool isShort_ = false;
};

/// Whoever reads frames, and stops while there are no messages for them. Not owned; destroying it takes it
/// out of the list. Reactor thread.
class InboundReader
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    /// It is out of the list and reads on. False: it came up empty and waits in the list again. It may be
    /// destroyed inside, and then gives true.
    virtual bool resumeReading() noexcept = 0;
    /// Of what it would receive now.
    virtual Need need() const noexcept = 0;
    virtual GroupInbound& inbound() const noexcept = 0;

protected:
    InboundReader() = default;
    ~InboundReader() = default;
    InboundReader(const InboundReader&) = default;
    InboundReader& operator=(const InboundReader&) = default;
};

/// Who receives when the pool is empty. A group gets messages up to its share even then, whoever has the
/// others: some may hoard what they received, keep it when their group is gone, or wait to send more than the
/// pool has; two engines that did would wait for each other for ever, neither reading what the other writes.
/// So the bound of what is received is twice the pool, and a message for each connection in the middle of a
/// frame. Reactor thread, where nothing else is said.
class InboundBudget {
public:
    /// `maxMessages`: the pool's.
    InboundBudget(MessagePool& pool, std::size_t maxMessages) noexcept
        : pool_(pool), maxMessages_(maxMessages), share_(maxMessages) {}

    /// A message for a frame of the group; null: pause(). Throws std::bad_alloc.
    MessagePtr take(GroupInbound& group, Need need = Need::CanWait) {
        MessagePtr message;
        if (need == Need::MustFit) [[unlikely]]  // beside the pool, of which nobody else has less for it
            message = pool_.getReserved();
        else
            message = pool_.get(AllocationStrategy::PoolOnly);
        if (message == nullptr) [[unlikely]] {
            if (!mayOverdraw(group)) return nullptr;
            message = pool_.get(AllocationStrategy::Always);
        }
        detail::MessageAccess::setAccount(*message, group.account_);
        ++group.account_->delivered;
        return message;
    }

    /// The reader waits for messages, in the order of pausing. True: some are back already, and
    /// resumePaused() is due soon.
    [[nodiscard]] bool pause(InboundReader& reader) noexcept;
    /// Nothing when it does not wait.
    void unpause(InboundReader& reader) noexcept;
    /// As pause(), for one that may read again; resumePaused() is due soon.
    void resumeLater(InboundReader& reader) noexcept;
    bool isAnyPaused() const noexcept { return !paused_.empty(); }
    /// Every group that waits gets a try.
    void resumePaused() noexcept;

    /// A channel of a group that is short of messages is about to read: the next shortage may be a new one.
    void noteRecovery(GroupInbound& group) const noexcept;
    /// A channel of the group has part of a frame and waits for the rest: the message it holds meanwhile does
    /// not count against the group, or peers that stop in the middle of frames could stop all others. True:
    /// resumePaused() is due soon, others of the group have so much more room.
    [[nodiscard]] bool noteFrameBegun(GroupInbound& group) const noexcept {
        ++group.framesUnderWay_;
        return group.pausedReaders_ != 0;
    }

    /// How much of `buffer` one read may fill: little when it will have to be kept.
    std::span<std::byte> limit(std::span<std::byte> buffer, const GroupInbound& group,
                               Need need) const noexcept;
    /// Bytes that channels which do not read keep, all together. Any thread may load it.
    KeptInput::Total& keptInput() noexcept { return keptInput_; }
    const KeptInput::Total& keptInput() const noexcept { return keptInput_; }

    /// What a group may hold of what it received, whatever others do. Any thread, one at a time.
    void shareAmong(std::size_t groups) noexcept;

private:
    using List = boost::intrusive::list<InboundReader, boost::intrusive::constant_time_size<false>>;

    static constexpr std::size_t maxKeptInput = 4 * 1024 * 1024;

    bool mayOverdraw(const GroupInbound& group) const noexcept {
        return group.holds() < share_.load(std::memory_order_relaxed);
    }
    bool canReceive(const GroupInbound& group) const noexcept {
        return mayOverdraw(group) || pool_.get(AllocationStrategy::PoolOnly) != nullptr;
    }

    MessagePool& pool_;
    const std::size_t maxMessages_;
    std::atomic<std::size_t> share_;
    List paused_;
    std::uint64_t round_ = 0;
    KeptInput::Total keptInput_{0};
};

}  // namespace tempeh::core

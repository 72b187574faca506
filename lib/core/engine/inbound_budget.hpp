#pragma once

#include "core/channel/kept_input.hpp"
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

/// How much of the pool one group holds, and which of its channels wait for it. Reactor thread.
class GroupInbound {
public:
    explicit GroupInbound(detail::InboundAccount* account) noexcept : account_(account) {}

    /// Null once the group is closed.
    detail::InboundAccount* account() const noexcept { return account_; }
    /// The caller must close the account.
    detail::InboundAccount* takeAccount() noexcept { return std::exchange(account_, nullptr); }
    /// Number of messages received completely and not yet returned.
    std::size_t holds() const noexcept {
        const auto out = static_cast<std::size_t>(account_->outstanding());
        return out > framesUnderWay_ ? out - framesUnderWay_ : 0;
    }
    /// A shortage was announced and is not over.
    bool isShortOfMessages() const noexcept { return isShort_; }
    void noteShortage() noexcept { isShort_ = true; }
    /// A channel of the group has the rest of its frame, or abandoned it.
    void noteFrameDone() noexcept { --framesUnderWay_; }

private:
    friend class InboundBudget;

    detail::InboundAccount* account_;
    std::size_t pausedReaders_ = 0;
    std::size_t framesUnderWay_ = 0;  // channels holding a message for a partial frame
    std::uint64_t emptyRound_ = 0;    // the last resume round in which one of its readers found nothing
    bool isShort_ = false;
};

/// An object that reads frames, and pauses while there are no messages for them. Not owned; its destructor
/// removes it from the list. Reactor thread.
class InboundReader
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    /// The reader was removed from the list and continues. False: it found nothing and is in the list again.
    /// It may be destroyed during the call, and then returns true.
    virtual bool resumeReading() noexcept = 0;
    /// For the frame it would receive next.
    virtual Need need() const noexcept = 0;
    virtual GroupInbound& inbound() const noexcept = 0;

protected:
    InboundReader() = default;
    ~InboundReader() = default;
    InboundReader(const InboundReader&) = default;
    InboundReader& operator=(const InboundReader&) = default;
};

/// Decides who receives when the pool is empty. Even then a group gets messages up to its share. Otherwise
/// others could starve it: they may hoard received messages, keep them after their group has ended, or wait
/// to send more than the pool has. Two engines doing so would wait for each other for ever, neither reading
/// what the other writes. The limit on received messages is therefore twice the pool, plus one for each
/// connection in the middle of a frame. Reactor thread, unless stated otherwise.
class InboundBudget {
public:
    /// `maxMessages`: the pool's.
    InboundBudget(MessagePool& pool, std::size_t maxMessages) noexcept
        : pool_(pool), maxMessages_(maxMessages), share_(maxMessages) {}

    /// A message for a frame of the group; null: call pause(). Throws std::bad_alloc.
    MessagePtr take(GroupInbound& group, Need need = Need::CanWait) {
        MessagePtr message;
        if (need == Need::MustFit) [[unlikely]]  // outside the pool, so it leaves no less for others
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

    /// Adds the reader to those that wait for messages, in order of arrival. True: some are back already, and
    /// the caller must arrange a resumePaused() soon.
    [[nodiscard]] bool pause(InboundReader& reader) noexcept;
    /// Does nothing when the reader is not waiting.
    void unpause(InboundReader& reader) noexcept;
    /// Like pause(), for a reader that may read again; the caller must arrange a resumePaused() soon.
    void resumeLater(InboundReader& reader) noexcept;
    bool isAnyPaused() const noexcept { return !paused_.empty(); }
    /// Gives every waiting group a try.
    void resumePaused() noexcept;

    /// A channel of a group that is short of messages is about to read: the next shortage counts as a new one
    /// if this one is over.
    void noteRecovery(GroupInbound& group) const noexcept;
    /// A channel of the group has part of a frame and waits for the rest. The message it holds meanwhile does
    /// not count against the group; otherwise peers that stop in the middle of frames could block all others.
    /// True: the group has room for more, and the caller must arrange a resumePaused() soon.
    [[nodiscard]] bool noteFrameBegun(GroupInbound& group) const noexcept {
        ++group.framesUnderWay_;
        return group.pausedReaders_ != 0;
    }

    /// How much of `buffer` one read may fill: little when the data will have to be kept.
    std::span<std::byte> limit(std::span<std::byte> buffer, const GroupInbound& group,
                               Need need) const noexcept;
    /// Total bytes kept by channels that are not reading. Any thread may load it.
    KeptInput::Total& keptInput() noexcept { return keptInput_; }
    const KeptInput::Total& keptInput() const noexcept { return keptInput_; }

    /// Sets how much of its received messages a group may hold regardless of the others. Any thread, one at a
    /// time.
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

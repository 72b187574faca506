#pragma once

#include "core/channel/channel.hpp"
#include "core/submit/channel_numbers.hpp"

#include <tempeh/base/detail/mutex.hpp>

#include <atomic>
#include <memory>

namespace tempeh::core {

/// Maps numbers to channels, and knows which channels belong to one group. Any thread. Its lock is held for a
/// few list operations at a time, and never during another object's operations. Only peek() takes no lock.
class ChannelTable {
public:
    ChannelTable(std::uint64_t seed, std::size_t maxChannels);
    ~ChannelTable();
    ChannelTable(const ChannelTable&) = delete;
    ChannelTable& operator=(const ChannelTable&) = delete;

    /// Gives the channel a number and lists it in its group. On failure returns TooManyChannels,
    /// ShutdownStarted or, when the group is closed, InvalidChannelGroup.
    Status open(const ChannelPtr& channel, GroupChannels& group) TEMPEH_EXCLUDES(mutex_);
    /// Frees the number of an open channel. The caller takes over the table's reference to it.
    void remove(Channel& channel) noexcept TEMPEH_EXCLUDES(mutex_);
    /// Null when the number is free.
    ChannelPtr find(ChannelNumber number) const TEMPEH_EXCLUDES(mutex_);
    /// find() without a reference. The result stays valid until the reference from remove() can be dropped:
    /// on the reactor thread until SubmitQueue::buryRetired(), in SubmitQueue while that holds its lock.
    Channel* peek(ChannelNumber number) const noexcept {
        return entries_[number].load(std::memory_order_acquire);
    }

    /// Lets no further channel join the group. Stores its channels in `channels`, without references.
    void closeGroup(GroupChannels& group, ChannelList<SweptTag>& channels) noexcept TEMPEH_EXCLUDES(mutex_);
    std::size_t count(const GroupChannels& group) const noexcept TEMPEH_EXCLUDES(mutex_);
    /// The channel that best describes the group to a person: a listener if there is one, else any; null when
    /// there is none.
    ChannelPtr showcase(const GroupChannels& group) const noexcept TEMPEH_EXCLUDES(mutex_);

    /// Lets no further channel open.
    void close() noexcept TEMPEH_EXCLUDES(mutex_);
    bool isClosed() const noexcept { return closed_.load(std::memory_order_acquire); }

    std::size_t inUse() const noexcept TEMPEH_EXCLUDES(mutex_);
    bool isFull() const noexcept TEMPEH_EXCLUDES(mutex_);
    /// The channel with the smallest number from `number` on; null when there is none. Allows visiting all
    /// channels without allocating a list.
    ChannelPtr firstFrom(std::size_t number) const noexcept TEMPEH_EXCLUDES(mutex_);

private:
    /// Access to a group's part of the table.
    GroupChannels::Data& dataOf(GroupChannels& group) const noexcept TEMPEH_REQUIRES(mutex_) {
        return group.data_;
    }
    const GroupChannels::Data& dataOf(const GroupChannels& group) const noexcept TEMPEH_REQUIRES(mutex_) {
        return group.data_;
    }

    mutable base::Mutex mutex_;
    ChannelNumbers numbers_ TEMPEH_GUARDED_BY(mutex_);
    std::uint32_t nextGeneration_ TEMPEH_GUARDED_BY(mutex_) = 1;
    std::atomic<bool> closed_{false};  // written with the lock held, as are the entries
    // Each entry holds a reference. 512 KiB of address space, touched only where there are channels.
    std::unique_ptr<std::atomic<Channel*>[]> entries_;
};

}  // namespace tempeh::core

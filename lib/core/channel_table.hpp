#pragma once

#include "core/channel.hpp"
#include "core/channel_numbers.hpp"

#include <tempeh/base/detail/mutex.hpp>

#include <atomic>
#include <memory>

namespace tempeh::core {

/// Which number is which channel, and which channels are of one group. Any thread; its lock is held for a few
/// list operations at a time, and for none of another object's. Only peek() takes no lock.
class ChannelTable {
public:
    ChannelTable(std::uint64_t seed, std::size_t maxChannels);
    ~ChannelTable();
    ChannelTable(const ChannelTable&) = delete;
    ChannelTable& operator=(const ChannelTable&) = delete;

    /// Gives the channel a number and lists it in its group; TooManyChannels, ShutdownStarted or, when the
    /// group is closed, InvalidChannelGroup when it cannot.
    Status open(const ChannelPtr& channel, GroupChannels& group) TEMPEH_EXCLUDES(mutex_);
    /// Frees the number of a channel that is open. The table's reference to it is the caller's from now on.
    void remove(Channel& channel) noexcept TEMPEH_EXCLUDES(mutex_);
    /// Null when the number is free.
    ChannelPtr find(ChannelNumber number) const TEMPEH_EXCLUDES(mutex_);
    /// find() without a reference: what it gives lives as long as nobody can drop what remove() gave. On the
    /// reactor thread until SubmitQueue::buryRetired(), in SubmitQueue while that holds its lock.
    Channel* peek(ChannelNumber number) const noexcept {
        return entries_[number].load(std::memory_order_acquire);
    }

    /// No channel joins the group any more. Those it has are then in `channels`, without references.
    void closeGroup(GroupChannels& group, ChannelList<SweptTag>& channels) noexcept TEMPEH_EXCLUDES(mutex_);
    std::size_t count(const GroupChannels& group) const noexcept TEMPEH_EXCLUDES(mutex_);
    /// One that shows people which group it is: a listener if there is one, else any; null when there is
    /// none.
    ChannelPtr showcase(const GroupChannels& group) const noexcept TEMPEH_EXCLUDES(mutex_);

    /// No channel opens from now on.
    void close() noexcept TEMPEH_EXCLUDES(mutex_);
    bool isClosed() const noexcept { return closed_.load(std::memory_order_acquire); }

    std::size_t inUse() const noexcept TEMPEH_EXCLUDES(mutex_);
    bool isFull() const noexcept TEMPEH_EXCLUDES(mutex_);
    /// The channel with the smallest number from `number` on; null when there is none. To look at all of
    /// them without memory for a list.
    ChannelPtr firstFrom(std::size_t number) const noexcept TEMPEH_EXCLUDES(mutex_);

private:
    /// The way to what the groups have.
    GroupChannels::Data& dataOf(GroupChannels& group) const noexcept TEMPEH_REQUIRES(mutex_) {
        return group.data_;
    }
    const GroupChannels::Data& dataOf(const GroupChannels& group) const noexcept TEMPEH_REQUIRES(mutex_) {
        return group.data_;
    }

    mutable base::Mutex mutex_;
    ChannelNumbers numbers_ TEMPEH_GUARDED_BY(mutex_);
    std::uint32_t nextGeneration_ TEMPEH_GUARDED_BY(mutex_) = 1;
    std::atomic<bool> closed_{false};  // written with the lock, as are the entries
    // Each holds a reference. 512 KiB of address space, touched only where channels are.
    std::unique_ptr<std::atomic<Channel*>[]> entries_;
};

}  // namespace tempeh::core

#include "core/submit/channel_table.hpp"

#include <optional>

namespace tempeh::core {

namespace {
constexpr std::size_t entryCount = 65'536;
}

ChannelTable::ChannelTable(std::uint64_t seed, std::size_t maxChannels)
    : numbers_(seed, maxChannels), entries_(new std::atomic<Channel*>[entryCount] {}) {}

ChannelTable::~ChannelTable() {
    // Usually no channel is left, and scanning the table would take long.
    std::size_t number = 0;
    for (std::size_t left = inUse(); left != 0; --left) {
        const ChannelPtr channel = firstFrom(number);
        number = channel->number();
        remove(*channel);
        intrusive_ptr_release(channel.get());
    }
}

Status ChannelTable::open(const ChannelPtr& channel, GroupChannels& group) {
    const base::MutexLock lock(mutex_);
    if (closed_.load(std::memory_order_relaxed)) return Status::ShutdownStarted;
    if (dataOf(group).isClosed) return Status::InvalidChannelGroup;
    const std::optional<ChannelNumber> number = numbers_.allocate();
    if (!number) return Status::TooManyChannels;
    channel->number_ = *number;
    channel->generation_ = nextGeneration_++;
    channel->siblings_ = &group;
    dataOf(group).list.push_back(*channel);
    intrusive_ptr_add_ref(channel.get());
    entries_[*number].store(channel.get(), std::memory_order_release);
    return Status::Success;
}

void ChannelTable::remove(Channel& channel) noexcept {
    const base::MutexLock lock(mutex_);
    numbers_.release(channel.number());
    GroupChannels::List& list = dataOf(*channel.siblings_).list;
    list.erase(GroupChannels::List::s_iterator_to(channel));
    entries_[channel.number()].store(nullptr, std::memory_order_release);
}

ChannelPtr ChannelTable::find(ChannelNumber number) const {
    const base::MutexLock lock(mutex_);
    return ChannelPtr(peek(number));
}

void ChannelTable::closeGroup(GroupChannels& group, ChannelList<SweptTag>& channels) noexcept {
    const base::MutexLock lock(mutex_);
    dataOf(group).isClosed = true;
    for (Channel& channel : dataOf(group).list)
        channels.push_back(channel);
}

std::size_t ChannelTable::count(const GroupChannels& group) const noexcept {
    const base::MutexLock lock(mutex_);
    return dataOf(group).list.size();
}

ChannelPtr ChannelTable::showcase(const GroupChannels& group) const noexcept {
    const base::MutexLock lock(mutex_);
    const Channel* shown = nullptr;
    for (const Channel& channel : dataOf(group).list)
        if (shown == nullptr || (channel.isListener() && !shown->isListener())) shown = &channel;
    return shown != nullptr ? ChannelPtr(peek(shown->number())) : nullptr;
}

void ChannelTable::close() noexcept {
    const base::MutexLock lock(mutex_);
    closed_.store(true, std::memory_order_release);
}

std::size_t ChannelTable::inUse() const noexcept {
    const base::MutexLock lock(mutex_);
    return numbers_.inUse();
}

bool ChannelTable::isFull() const noexcept {
    const base::MutexLock lock(mutex_);
    return numbers_.inUse() >= numbers_.maxChannels();
}

ChannelPtr ChannelTable::firstFrom(std::size_t number) const noexcept {
    const base::MutexLock lock(mutex_);
    for (; number < entryCount; ++number)
        if (Channel* const channel = entries_[number].load(std::memory_order_relaxed))
            return ChannelPtr(channel);
    return nullptr;
}

}  // namespace tempeh::core

#include "core/switchboard.hpp"

#include <utility>

namespace tempeh::core {

namespace {
constexpr std::size_t entryCount = 65'536;
}

Switchboard::Switchboard(std::uint64_t seed, std::size_t maxChannels)
    : numbers_(seed, maxChannels), entries_(new std::atomic<Channel*>[entryCount] {}) {}

Switchboard::~Switchboard() {
    // Mostly there is none left, and the table is long.
    std::size_t left = numbers_.inUse();
    for (std::size_t number = 0; number < entryCount && left != 0; ++number) {
        Channel* const channel = entries_[number].load(std::memory_order_relaxed);
        if (channel == nullptr) continue;
        intrusive_ptr_release(channel);
        --left;
    }
}

Status Switchboard::open(const ChannelPtr& channel, GroupChannels& groupChannels) {
    const std::scoped_lock lock(mutex_);
    if (closed_.load(std::memory_order_relaxed)) return Status::ShutdownStarted;
    const std::optional<ChannelNumber> number = numbers_.allocate();
    if (!number) return Status::TooManyChannels;
    channel->number_ = *number;
    channel->generation_ = nextGeneration_++;
    channel->siblings_ = &groupChannels;
    groupChannels.push_back(*channel);
    intrusive_ptr_add_ref(channel.get());
    entries_[*number].store(channel.get(), std::memory_order_release);
    return Status::Success;
}

bool Switchboard::retire(Channel& channel) {
    const std::scoped_lock lock(mutex_);
    if (channel.door.isRetired) return false;
    retireLocked(channel);
    return true;
}

MessageQueue Switchboard::takeLateOrRetire(ChannelNumber number, std::uint32_t generation) {
    const std::scoped_lock lock(mutex_);
    Channel* channel = findLocked(number);
    if (channel == nullptr || channel->generation() != generation) return {};
    if (channel->door.late.empty()) retireLocked(*channel);
    return std::move(channel->door.late);
}

void Switchboard::retireLocked(Channel& channel) {
    retired_.emplace_back(&channel, false);  // takes the entry's reference over
    hasRetired_.store(true, std::memory_order_release);
    channel.door.isRetired = true;
    numbers_.release(channel.number());
    channel.siblings_->erase(GroupChannels::s_iterator_to(channel));
    entries_[channel.number()].store(nullptr, std::memory_order_release);
}

void Switchboard::buryRetired() {
    if (!hasRetired_.load(std::memory_order_acquire)) return;
    std::vector<ChannelPtr> retired;
    {
        const std::scoped_lock lock(mutex_);
        retired.swap(retired_);
        hasRetired_.store(false, std::memory_order_relaxed);
    }
    retired.clear();  // destructors run without the lock
}

ChannelPtr Switchboard::find(ChannelNumber number) const {
    const std::scoped_lock lock(mutex_);
    return ChannelPtr(findLocked(number));
}

bool Switchboard::submit(Channel& channel, MessagePtr& message, std::size_t frameBytes) {
    channel.door.submitted.pushBack(std::move(message));
    channel.door.submittedBytes += frameBytes;
    return list(channel);
}

bool Switchboard::list(Channel& channel) {
    if (!channel.door.isListed) {
        listed_.emplace_back(&channel);
        channel.door.isListed = true;
    }
    hasSubmissions_.store(true, std::memory_order_release);
    if (wakeIsDue_ || polling_) return false;
    wakeIsDue_ = true;
    return true;
}

void Switchboard::collect(std::vector<Submission>& submissions) {
    const std::scoped_lock lock(mutex_);
    submissions.reserve(listed_.size());
    for (ChannelPtr& channel : listed_) {
        Channel::Door& door = channel->door;
        door.isListed = false;
        // What is posted from now on must not overtake what is collected.
        channel->sendRight.revoke();
        channel->countCollected();
        const std::size_t bytes = std::exchange(door.submittedBytes, 0);
        submissions.push_back({std::move(channel), std::move(door.submitted), bytes});
    }
    listed_.clear();
    wakeIsDue_ = false;
    hasSubmissions_.store(false, std::memory_order_release);
}

void Switchboard::close() {
    const std::scoped_lock lock(mutex_);
    closed_.store(true, std::memory_order_release);
}

std::size_t Switchboard::inUse() const {
    const std::scoped_lock lock(mutex_);
    return numbers_.inUse();
}

bool Switchboard::isFull() const {
    const std::scoped_lock lock(mutex_);
    return numbers_.inUse() >= numbers_.maxChannels();
}

std::vector<ChannelPtr> Switchboard::all() const {
    const std::scoped_lock lock(mutex_);
    std::vector<ChannelPtr> channels;
    channels.reserve(numbers_.inUse());
    for (std::size_t number = 0; number < entryCount && channels.size() < numbers_.inUse(); ++number)
        if (Channel* channel = entries_[number].load(std::memory_order_relaxed))
            channels.emplace_back(channel);
    return channels;
}

bool Switchboard::setPolling(bool polling) {
    const std::scoped_lock lock(mutex_);
    polling_ = polling;
    return !polling && hasSubmissions_.load(std::memory_order_relaxed) && !wakeIsDue_;
}

}  // namespace tempeh::core

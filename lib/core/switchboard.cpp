#include "core/switchboard.hpp"

#include <utility>

namespace tempeh::core {

namespace {
constexpr std::size_t entryCount = 65'536;
}

Switchboard::Switchboard(std::uint64_t seed, std::size_t maxChannels)
    : numbers_(seed, maxChannels), entries_(new std::atomic<Channel*>[entryCount] {}) {}

Switchboard::~Switchboard() {
    dropListed();
    buryRetired();
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
    if (groupChannels.isClosed) return Status::InvalidChannelGroup;
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

bool Switchboard::retire(Channel& channel) noexcept {
    const std::scoped_lock lock(mutex_);
    if (channel.door.isRetired) return false;
    retireLocked(channel);
    return true;
}

MessageQueue Switchboard::takeLateOrRetire(ChannelNumber number, std::uint32_t generation) noexcept {
    const std::scoped_lock lock(mutex_);
    Channel* channel = findLocked(number);
    if (channel == nullptr || channel->generation() != generation) return {};
    if (channel->door.late.empty()) retireLocked(*channel);
    channel->door.lateBytes = 0;
    return std::move(channel->door.late);
}

void Switchboard::retireLocked(Channel& channel) noexcept {
    retired_.push_back(channel);  // takes the entry's reference over
    hasRetired_.store(true, std::memory_order_release);
    channel.door.isRetired = true;
    numbers_.release(channel.number());
    channel.siblings_->erase(GroupChannels::s_iterator_to(channel));
    entries_[channel.number()].store(nullptr, std::memory_order_release);
}

void Switchboard::buryRetired() noexcept {
    if (!hasRetired_.load(std::memory_order_acquire)) return;
    ChannelList<RetiredTag> retired;
    {
        const std::scoped_lock lock(mutex_);
        retired.swap(retired_);
        hasRetired_.store(false, std::memory_order_relaxed);
    }
    while (!retired.empty()) {  // destructors run without the lock
        const ChannelPtr dropped(&retired.front(), false);
        retired.pop_front();
    }
}

ChannelPtr Switchboard::find(ChannelNumber number) const {
    const std::scoped_lock lock(mutex_);
    return ChannelPtr(findLocked(number));
}

bool Switchboard::submit(Channel& channel, MessagePtr& message, std::size_t frameBytes) noexcept {
    channel.door.submitted.pushBack(std::move(message));
    channel.door.submittedBytes += frameBytes;
    return list(channel);
}

bool Switchboard::list(Channel& channel) noexcept {
    if (isDeserted_) return false;
    if (!channel.door.isListed) {
        intrusive_ptr_add_ref(&channel);
        listed_.push_back(channel);
        channel.door.isListed = true;
    }
    hasSubmissions_.store(true, std::memory_order_release);
    return needsWake();
}

bool Switchboard::enlist(Job& job, std::shared_ptr<void> keepAlive) noexcept {
    const std::scoped_lock lock(mutex_);
    if (job.keepAlive_ == nullptr) {
        job.keepAlive_ = std::move(keepAlive);
        jobs_.push_back(job);
        hasJobs_.store(true, std::memory_order_release);
    }
    return needsWake();
}

/// One wake is on its way at a time: it has memory for one.
bool Switchboard::needsWake() noexcept {
    if (wakeIsDue_ || polling_) return false;
    wakeIsDue_ = true;
    return true;
}

void Switchboard::noteWake() noexcept {
    const std::scoped_lock lock(mutex_);
    wakeIsDue_ = false;
}

Job* Switchboard::nextJob(std::shared_ptr<void>& keepAlive) noexcept {
    const std::scoped_lock lock(mutex_);
    if (jobs_.empty()) return nullptr;
    Job& job = jobs_.front();
    jobs_.pop_front();
    keepAlive = std::move(job.keepAlive_);
    hasJobs_.store(!jobs_.empty(), std::memory_order_release);
    return &job;
}

void Switchboard::runJobs() noexcept {
    if (!hasJobs()) return;
    std::size_t there = 0;  // what these enlist comes with the next wake
    {
        const std::scoped_lock lock(mutex_);
        there = jobs_.size();
    }
    for (; there != 0; --there) {
        std::shared_ptr<void> keepAlive;
        if (Job* const job = nextJob(keepAlive)) job->run();
    }
}

void Switchboard::dropJobs() noexcept {
    for (;;) {
        std::shared_ptr<void> keepAlive;
        if (nextJob(keepAlive) == nullptr) return;
    }
}

void Switchboard::collect(ChannelList<CollectedTag>& channels) noexcept {
    const std::scoped_lock lock(mutex_);
    while (!listed_.empty()) {
        ChannelPtr channel(&listed_.front(), false);
        listed_.pop_front();
        Channel::Door& door = channel->door;
        door.isListed = false;
        // What is posted from now on must not overtake what is collected.
        channel->sendRight.revoke();
        channel->countCollected();
        channel->accepting.append(door.submitted);
        channel->acceptingBytes += std::exchange(door.submittedBytes, 0);
        channel->isByeDropped |= std::exchange(door.isByeDropped, false);
        channel->cancelled.splice(channel->cancelled.end(), door.cancelled);
        channel->wantedReadMode = door.readMode;
        if (!channel->ChannelHook<CollectedTag>::is_linked()) channels.push_back(*channel.detach());
    }
    hasSubmissions_.store(false, std::memory_order_release);
}

void Switchboard::close() {
    const std::scoped_lock lock(mutex_);
    closed_.store(true, std::memory_order_release);
}

void Switchboard::dropListed() noexcept {
    ChannelList<ListedTag> listed;
    {
        const std::scoped_lock lock(mutex_);
        isDeserted_ = true;
        listed.swap(listed_);
        for (Channel& channel : listed)
            channel.door.isListed = false;
        hasSubmissions_.store(false, std::memory_order_release);
    }
    while (!listed.empty()) {  // destructors run without the lock
        const ChannelPtr dropped(&listed.front(), false);
        listed.pop_front();
    }
}

std::size_t Switchboard::inUse() const {
    const std::scoped_lock lock(mutex_);
    return numbers_.inUse();
}

bool Switchboard::isFull() const {
    const std::scoped_lock lock(mutex_);
    return numbers_.inUse() >= numbers_.maxChannels();
}

ChannelPtr Switchboard::firstFrom(std::size_t number) const noexcept {
    const std::scoped_lock lock(mutex_);
    for (; number < entryCount; ++number)
        if (Channel* channel = entries_[number].load(std::memory_order_relaxed)) return ChannelPtr(channel);
    return nullptr;
}

bool Switchboard::setPolling(bool polling) {
    const std::scoped_lock lock(mutex_);
    polling_ = polling;
    const bool hasSomething = hasSubmissions_.load(std::memory_order_relaxed) || !jobs_.empty();
    return !polling && hasSomething && !wakeIsDue_;
}

}  // namespace tempeh::core

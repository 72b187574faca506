#include "core/submit/submit_queue.hpp"

#include "core/group/stamp.hpp"
#include "machines/listener_machine.hpp"
#include "machines/post_rules.hpp"
#include "message/message_access.hpp"
#include "wire/encoder.hpp"

#include <boost/asio/error.hpp>

#include <utility>

namespace tempeh::core {

SubmitQueue::~SubmitQueue() {
    dropListed();
    buryRetired();
}

// --- Messages ---

Status SubmitQueue::checkTarget(const Channel* channel, const GroupChannels& group, OpCode opCode) noexcept {
    if (channel == nullptr) return Status::InvalidChannelNumber;
    if (!channel->isOf(group)) return Status::InvalidChannelGroup;
    return channel->isListener() ? machines::checkListenerPost(opCode) : Status::Success;
}

SubmitQueue::Outcome SubmitQueue::post(const GroupChannels& group, MessagePtr& message, BinaryHeader& header,
                                       Writer writer) noexcept {
    const base::MutexLock lock(mutex_);
    Channel* const channel = table_.peek(message->header.channelNumber);
    const Status status = checkTarget(channel, group, message->header.opCode);
    if (status != Status::Success) return {.status = status};
    if (channel->submissions.hasEnded()) return keepLate(*channel, message, header);
    if (!hasRoom(*channel, *message)) return {.status = Status::SendQueueFull};
    stamp(*message, header);
    if (writer == Writer::Caller && mayWriteDirectly(*channel, *message)) return {.writer = channel};
    if (writer == Writer::Reactor) expectsMore_.store(true, std::memory_order_relaxed);
    return {.wake = submit(*channel, std::move(message))};
}

SubmitQueue::Outcome SubmitQueue::postFirst(Channel& channel, MessagePtr& message,
                                            BinaryHeader& header) noexcept {
    const base::MutexLock lock(mutex_);
    if (channel.submissions.hasEnded()) return keepLate(channel, message, header);
    return {.wake = submit(channel, std::move(message))};
}

std::size_t SubmitQueue::postPlain(const GroupChannels& group, MessageQueue& messages, bool& wake) noexcept {
    constexpr std::size_t atMost = 128;
    std::size_t submitted = 0;
    const base::MutexLock lock(mutex_);
    for (const Message* next = messages.front(); next != nullptr && submitted < atMost;
         next = messages.front()) {
        if (table_.isClosed() || !machines::isPlainPost(*next)) break;
        Channel* const channel = table_.peek(next->header.channelNumber);
        if (channel == nullptr || !channel->isOf(group) || channel->isListener()) break;
        if (channel->submissions.hasEnded() || !hasRoom(*channel, *next)) break;
        if (detail::MessageAccess::obligation(*next) != 0) break;  // must be settled without the lock
        MessagePtr message = messages.popFront();
        BinaryHeader header;
        stamp(*message, header);
        wake |= submit(*channel, std::move(message));
        ++submitted;
    }
    return submitted;
}

SubmitQueue::Outcome SubmitQueue::postLate(Channel& channel, MessagePtr& message,
                                           BinaryHeader& header) noexcept {
    const base::MutexLock lock(mutex_);
    return keepLate(channel, message, header);
}

/// The channel ended and its ChannelClosed has not been received: the message comes back before that.
SubmitQueue::Outcome SubmitQueue::keepLate(Channel& channel, MessagePtr& message,
                                           BinaryHeader& header) noexcept {
    if (channel.submissions.stage_.load(std::memory_order_relaxed) == ChannelSubmissions::Stage::Retired)
        return {.status = Status::InvalidChannelNumber};
    Data& data = dataOf(channel);
    // A caller that keeps posting without receiving must get an error.
    if (!channel.fits(*message, data.late.size(), data.lateBytes)) return {.status = Status::SendQueueFull};
    stamp(*message, header);
    if (message->header.opCode == OpCode::ByeSignal) return {.dropped = std::move(message)};
    if (message->header.opCode == OpCode::HelloRequest) message->header.opCode = OpCode::HelloResponse;
    if (message->header.opCode == OpCode::WelcomeRequest) message->header.opCode = OpCode::WelcomeResponse;
    markFromEngine(*message, data.lateStatus);
    channel.counters.returned.add();
    data.lateBytes += wire::frameSize(*message);
    data.late.pushBack(std::move(message));
    return {.comesBack = data.lateStatus};
}

/// Whether the thread may send the message itself. True: it has borrowed the right to send.
bool SubmitQueue::mayWriteDirectly(Channel& channel, const Message& message) noexcept {
    return channel.mayAnswerDirectly.load(std::memory_order_relaxed) && isRegular(message.header.opCode) &&
           message.textHeaders.sizeBytes() <= Channel::maxDirectHeaders && dataOf(channel).messages.empty() &&
           !channel.isListener() && channel.sendRight.borrow();
}

bool SubmitQueue::hasRoom(const Channel& channel, const Message& message) const noexcept {
    const Data& data = dataOf(channel);
    return channel.hasRoom(message, data.messages.size(), data.bytes);
}

bool SubmitQueue::submit(Channel& channel, MessagePtr message) noexcept {
    Data& data = dataOf(channel);
    data.bytes += wire::frameSize(*message);
    data.messages.pushBack(std::move(message));
    return list(channel);
}

bool SubmitQueue::list(Channel& channel) noexcept {
    if (isDeserted_) return false;
    if (!std::exchange(dataOf(channel).isListed, true)) {
        intrusive_ptr_add_ref(&channel);
        listed_.push_back(channel);
    }
    hasSubmissions_.store(true, std::memory_order_release);
    return needsWake();
}

/// Only one wake-up is pending at a time: there is memory for one.
bool SubmitQueue::needsWake() noexcept {
    return !polling_ && !std::exchange(wakeIsDue_, true);
}

bool SubmitQueue::returnSendRight(Channel& channel) noexcept {
    const base::MutexLock lock(mutex_);
    const bool wake = list(channel);
    channel.sendRight.returnToReactor();
    return wake;
}

// --- Requests about channels ---

bool SubmitQueue::requestByeResponse(ChannelNumber number, std::uint32_t generation) noexcept {
    const base::MutexLock lock(mutex_);
    Channel* const channel = table_.peek(number);
    if (channel == nullptr || channel->generation() != generation) return false;
    dataOf(*channel).isByeDropped = true;
    return list(*channel);
}

bool SubmitQueue::requestReadMode(Channel& channel, ReadMode mode) noexcept {
    const base::MutexLock lock(mutex_);
    if (channel.submissions.hasEnded()) return false;
    dataOf(channel).readMode = mode;
    return list(channel);
}

void SubmitQueue::noteReadMode(Channel& channel, ReadMode mode) noexcept {
    const base::MutexLock lock(mutex_);
    dataOf(channel).readMode = mode;
}

Status SubmitQueue::checkConnection(const Channel* channel, const GroupChannels& group) noexcept {
    if (channel == nullptr) return Status::InvalidChannelNumber;
    if (!channel->isOf(group)) return Status::InvalidChannelGroup;
    return channel->isListener() ? Status::NotAllowed : Status::Success;
}

bool SubmitQueue::isWritable(const GroupChannels& group, ChannelNumber number,
                             Status& status) const noexcept {
    const base::MutexLock lock(mutex_);
    const Channel* const channel = table_.peek(number);
    status = checkConnection(channel, group);
    if (status == Status::Success && channel->submissions.hasEnded()) status = Status::ChannelClosed;
    if (status != Status::Success) return false;
    const Data& data = dataOf(*channel);
    return channel->isHalfEmpty(
        channel->queuedMessages.load(std::memory_order_relaxed) + data.messages.size(),
        channel->queuedBytes.load(std::memory_order_relaxed) + data.bytes);
}

ChannelSubmissions::Snapshot SubmitQueue::snapshot(const Channel& channel) const noexcept {
    const base::MutexLock lock(mutex_);
    const Data& data = dataOf(channel);
    return {channel.queuedMessages.load(std::memory_order_relaxed) + data.messages.size(),
            channel.queuedBytes.load(std::memory_order_relaxed) + data.bytes, data.readMode, data.lateStatus};
}

// --- Waiters of waitWritable() ---

bool SubmitQueue::cancel(detail::Waiter& waiter, ChannelNumber number) noexcept {
    const base::MutexLock lock(mutex_);
    if (std::exchange(waiter.isCancelled, true)) return false;
    Channel* const channel = table_.peek(number);
    // Otherwise it has been resumed, or will be when it arrives.
    if (channel == nullptr || !waiter.isRegistered) return false;
    dataOf(*channel).cancelled.push_back(waiter);
    return list(*channel);
}

bool SubmitQueue::registerWaiter(detail::Waiter& waiter, bool mustWait) noexcept {
    const base::MutexLock lock(mutex_);
    if (waiter.isCancelled) waiter.abortReason = boost::asio::error::operation_aborted;
    waiter.isRegistered = mustWait && !waiter.isCancelled;
    return waiter.isRegistered;
}

void SubmitQueue::deregisterWaiter(detail::Waiter& waiter) noexcept {
    const base::MutexLock lock(mutex_);
    waiter.isRegistered = false;
    waiter.detail::WaiterCancelHook::unlink();
}

// --- The end of channels ---

MessageQueue SubmitQueue::end(Channel& channel, Status lateStatus) noexcept {
    const base::MutexLock lock(mutex_);
    Data& data = dataOf(channel);
    if (!channel.submissions.hasEnded())
        channel.submissions.stage_.store(ChannelSubmissions::Stage::Ended, std::memory_order_relaxed);
    data.lateStatus = lateStatus;
    data.bytes = 0;
    return std::move(data.messages);
}

bool SubmitQueue::retire(Channel& channel) noexcept {
    const base::MutexLock lock(mutex_);
    if (channel.submissions.stage_.load(std::memory_order_relaxed) == ChannelSubmissions::Stage::Retired)
        return false;
    retireHeld(channel);
    return true;
}

MessageQueue SubmitQueue::takeLateOrRetire(ChannelNumber number, std::uint32_t generation) noexcept {
    const base::MutexLock lock(mutex_);
    Channel* const channel = table_.peek(number);
    if (channel == nullptr || channel->generation() != generation) return {};
    Data& data = dataOf(*channel);
    if (data.late.empty()) retireHeld(*channel);
    data.lateBytes = 0;
    return std::move(data.late);
}

void SubmitQueue::retireHeld(Channel& channel) noexcept {
    table_.remove(channel);
    retired_.push_back(channel);  // takes over the table's reference
    hasRetired_.store(true, std::memory_order_release);
    channel.submissions.stage_.store(ChannelSubmissions::Stage::Retired, std::memory_order_relaxed);
}

void SubmitQueue::buryRetired() noexcept {
    if (!hasRetired_.load(std::memory_order_acquire)) return;
    ChannelList<RetiredTag> retired;
    {
        const base::MutexLock lock(mutex_);
        retired.swap(retired_);
        hasRetired_.store(false, std::memory_order_relaxed);
    }
    while (!retired.empty()) {  // destructors run without the lock
        const ChannelPtr dropped(&retired.front(), false);
        retired.pop_front();
    }
}

void SubmitQueue::dropListed() noexcept {
    ChannelList<ListedTag> listed;
    {
        const base::MutexLock lock(mutex_);
        isDeserted_ = true;
        listed.swap(listed_);
        for (Channel& channel : listed)
            dataOf(channel).isListed = false;
        hasSubmissions_.store(false, std::memory_order_release);
    }
    while (!listed.empty()) {  // destructors run without the lock
        const ChannelPtr dropped(&listed.front(), false);
        listed.pop_front();
    }
}

// --- Collecting ---

void SubmitQueue::collect(ChannelList<CollectedTag>& channels) noexcept {
    const base::MutexLock lock(mutex_);
    collectHeld(channels);
}

void SubmitQueue::collectWake(ChannelList<CollectedTag>& channels) noexcept {
    const base::MutexLock lock(mutex_);
    wakeIsDue_ = false;
    collectHeld(channels);
    takeTasks();
}

void SubmitQueue::collectPolled(ChannelList<CollectedTag>& channels) noexcept {
    const base::MutexLock lock(mutex_);
    collectHeld(channels);
    takeTasks();
}

void SubmitQueue::collectHeld(ChannelList<CollectedTag>& channels) noexcept {
    while (!listed_.empty()) {
        ChannelPtr channel(&listed_.front(), false);
        listed_.pop_front();
        collectOne(*channel);
        if (!channel->ChannelHook<CollectedTag>::is_linked()) channels.push_back(*channel.detach());
    }
    hasSubmissions_.store(false, std::memory_order_release);
    expectsMore_.store(false, std::memory_order_relaxed);
}

void SubmitQueue::collectOne(Channel& channel) noexcept {
    Data& data = dataOf(channel);
    data.isListed = false;
    // Messages posted from now on must not overtake the collected ones.
    channel.sendRight.revoke();
    if (!channel.isListener()) {
        // They are about to be accepted and already count as queued, so that the limit holds meanwhile.
        channel.queuedMessages.fetch_add(data.messages.size(), std::memory_order_relaxed);
        channel.queuedBytes.fetch_add(data.bytes, std::memory_order_relaxed);
    }
    channel.accepting.append(data.messages);
    channel.acceptingBytes += std::exchange(data.bytes, 0);
    channel.isByeDropped |= std::exchange(data.isByeDropped, false);
    channel.cancelled.splice(channel.cancelled.end(), data.cancelled);
    channel.wantedReadMode = data.readMode;
}

bool SubmitQueue::setPolling(bool polling) noexcept {
    const base::MutexLock lock(mutex_);
    polling_ = polling;
    return !polling && hasAnything() && !wakeIsDue_;
}

// --- Tasks ---

bool SubmitQueue::enlist(Task& task, std::shared_ptr<void> keepAlive) noexcept {
    const base::MutexLock lock(mutex_);
    if (task.beginQueued()) {
        task.keepAlive_ = std::move(keepAlive);
        tasks_.push_back(task);
        hasTasks_.store(true, std::memory_order_release);
    }
    return needsWake();
}

void SubmitQueue::takeTasks() noexcept {
    taken_.splice_after(taken_.last(), tasks_);
    hasTasks_.store(false, std::memory_order_release);
}

void SubmitQueue::runTasks() noexcept {
    while (!taken_.empty()) {  // tasks enlisted meanwhile run with the next wake-up
        Task& task = taken_.front();
        taken_.pop_front();
        const std::shared_ptr<void> keepAlive = task.endQueued();
        task.run();
    }
}

void SubmitQueue::dropTasks() noexcept {
    {
        const base::MutexLock lock(mutex_);
        takeTasks();
    }
    while (!taken_.empty()) {
        Task& task = taken_.front();
        taken_.pop_front();
        const std::shared_ptr<void> dropped = task.endQueued();
    }
}

}  // namespace tempeh::core

#include "message/message_pool.hpp"

#include <algorithm>
#include <utility>

namespace tempeh {

using detail::MessageAccess;

namespace {

constexpr std::size_t maxBatch = 64;         // measured: docs/decisions, "The free list"
constexpr std::size_t minBatch = 4;          // a smaller batch is not worth its own list
constexpr std::size_t batchesPerPool = 64;   // keeps the own list from hiding much of a small pool
constexpr std::size_t maxReservedFree = 64;  // a burst of notices does not stay in memory
constexpr std::size_t creditStep = 64 * 1024;

std::size_t batchSizeFor(std::size_t maxMessages) noexcept {
    const std::size_t size = std::min(maxMessages / batchesPerPool, maxBatch);
    return size < minBatch ? 0 : size;
}

}  // namespace

// --- lifetime

MessagePool::MessagePool(const PoolLimits& limits)
    : limits_(limits), batchSize_(batchSizeFor(limits.maxMessages)), depot_(batchSize_) {}

MessagePool::~MessagePool() {
    freeWaiting();
}

MessagePool* MessagePool::create(const PoolLimits& limits) {
    auto* pool = new MessagePool(limits);
    try {
        pool->fill(std::min(limits.initialMessages, limits.maxMessages));
    } catch (...) {
        delete pool;
        throw;
    }
    return pool;
}

void MessagePool::fill(std::size_t count) {
    const base::MutexLock lock(mutex_);
    depot_.reserve(count);
    for (; total_ < count; ++total_) {
        auto* message = new Message;
        MessageAccess::setHome(*message, this);
        depot_.push(*message, 0);
    }
    allocations_ = count;
}

void MessagePool::setOwner(const void* token) noexcept {
    const base::MutexLock lock(mutex_);
    spillOwn();
    changeOwner(token);
}

void MessagePool::changeOwner(const void* token) noexcept {
    const void* const owner = token != nullptr ? token : &nobody;
    owner_.store(owner, std::memory_order_relaxed);
    listOwner_.store(batchSize_ != 0 ? owner : &nobody, std::memory_order_relaxed);
}

void MessagePool::flushOwnList() noexcept {
    if (own_.loaded.empty() && own_.full.empty()) return;
    const base::MutexLock lock(mutex_);
    spillOwn();
}

void MessagePool::close() noexcept {
    bool finished = false;
    {
        const base::MutexLock lock(mutex_);
        spillOwn();
        changeOwner(nullptr);
        freeWaiting();
        state_ = State::Closed;
        finished = isFinished();
    }
    if (finished) delete this;
}

bool MessagePool::isFinished() const noexcept {
    return state_ == State::Closed && total_ == 0 && reserved_ == 0;
}

void MessagePool::freeWaiting() noexcept {
    while (Message* message = depot_.pop()) {
        --total_;
        delete message;
    }
    while (Message* message = reservedFree_.pop()) {
        --reserved_;
        delete message;
    }
}

// --- getting messages

MessagePtr MessagePool::getAsOwner(AllocationStrategy strategy) {
    {
        const base::MutexLock lock(mutex_);
        noteHighWater();
        own_.loaded = depot_.take();
        own_.recount();
        if (!own_.loaded.empty())
            renewCredit(0);
        else if (!mayMake(strategy))
            return nullptr;
    }
    return own_.loaded.empty() ? make() : MessagePtr(takeOwn());
}

MessagePtr MessagePool::getShared(AllocationStrategy strategy) {
    {
        const base::MutexLock lock(mutex_);
        if (Message* message = depot_.pop()) {
            ++hits_;
            noteHighWater();
            return MessagePtr(message);
        }
        if (!mayMake(strategy)) return nullptr;
    }
    return make();
}

/// Called when none is free. True: one more is counted, and the caller must call make().
bool MessagePool::mayMake(AllocationStrategy strategy) {
    if (total_ >= limits_.maxMessages) {
        if (own_.free() != 0) attend(wanted, true);
        if (strategy == AllocationStrategy::PoolOnly) {
            ++misses_;
            return false;
        }
    }
    depot_.reserve(total_ + 1);
    changeTotal(1);
    noteHighWater();
    ++allocations_;
    return true;
}

MessagePtr MessagePool::make() {
    try {
        MessagePtr message(new Message);
        MessageAccess::setHome(*message, this);
        return message;
    } catch (...) {
        const base::MutexLock lock(mutex_);
        changeTotal(-1);
        --allocations_;
        throw;
    }
}

MessagePtr MessagePool::getReserved() {
    {
        const base::MutexLock lock(mutex_);
        if (Message* message = reservedFree_.pop()) return MessagePtr(message);
        ++reserved_;
        ++allocations_;
    }
    try {
        MessagePtr message(new Message);
        MessageAccess::setHome(*message, &reservedHome_);
        return message;
    } catch (...) {
        const base::MutexLock lock(mutex_);
        --reserved_;
        --allocations_;
        throw;
    }
}

// --- returning messages

void MessagePool::giveBackShared(Message* message, std::uint64_t obligation) noexcept {
    MessageAccess::setObligation(*message, 0);
    message->reset();
    const std::size_t heapBytes =
        detail::trimHeap(*message, detail::heapBytesOf(*message), limits_.maxHeapBytesPerMessage);

    bool kept = false;
    bool finished = false;
    Notice notice;
    {
        const base::MutexLock lock(mutex_);
        if ((attention_.load(std::memory_order_relaxed) & wanted) != 0 && isOwnerThread()) spillOwn();
        const bool isReserved = MessageAccess::home(*message) == &reservedHome_;
        kept = isReserved ? keepReserved(*message, heapBytes) : keep(*message, heapBytes);
        notice = takeNotice(obligation);
        finished = isFinished();
    }
    if (!kept) delete message;
    if (finished) {
        delete this;
    } else if (notice.listener != nullptr) {
        tellListener(notice);  // the listener, and the pool with it, may be destroyed along with `notice`
    }
}

void MessagePool::ReservedHome::giveBack(Message* message) noexcept {
    settleAccount(*message);
    pool_.giveBackShared(message, MessageAccess::obligation(*message));
}

bool MessagePool::keep(Message& message, std::size_t heapBytes) noexcept {
    if (state_ != State::Open || total_ > limits_.maxMessages) {
        changeTotal(-1);
        return false;
    }
    depot_.push(message, affordable(message, heapBytes));
    return true;
}

bool MessagePool::keepReserved(Message& message, std::size_t heapBytes) noexcept {
    if (state_ != State::Open || reservedFree_.size() >= maxReservedFree) {
        --reserved_;
        return false;
    }
    reservedFree_.push(message, affordable(message, heapBytes));
    return true;
}

// --- the owner's list; called on its thread

void MessagePool::relieveOwn() noexcept {
    if (!own_.full.empty()) {
        const base::MutexLock lock(mutex_);
        noteHighWater();
        depot_.give(own_.full);
        own_.recount();
        renewCredit(0);
    }
    own_.full.swap(own_.loaded);
}

void MessagePool::spillOwn() noexcept {
    noteHighWater();
    depot_.give(own_.full);
    depot_.give(own_.loaded);
    own_.heapCredit = 0;
    own_.recount();
    attend(wanted, false);
}

bool MessagePool::extendCredit(std::size_t bytes) noexcept {
    const base::MutexLock lock(mutex_);
    renewCredit(bytes);
    return own_.heapBytes() + bytes <= own_.heapCredit;
}

/// Reserves what the own list holds, plus `bytes` if the budget has them, plus some on top, so that the lock
/// is seldom needed. Never takes more than half of the rest, which is for the other threads.
void MessagePool::renewCredit(std::size_t bytes) noexcept {
    const std::size_t used = depot_.heapBytes() + reservedFree_.heapBytes() + own_.heapBytes();
    const std::size_t left = limits_.maxRetainedHeapBytes - used;
    own_.heapCredit = own_.heapBytes();
    if (bytes <= left) own_.heapCredit += bytes + std::min(creditStep, (left - bytes) / 2);
}

// --- figures and bookkeeping

std::size_t MessagePool::affordable(Message& message, std::size_t heapBytes) noexcept {
    const std::size_t used = depot_.heapBytes() + reservedFree_.heapBytes() + own_.heapCredit;
    return detail::trimHeap(message, heapBytes, limits_.maxRetainedHeapBytes - used);
}

std::size_t MessagePool::waiting() const noexcept {
    return std::min(depot_.size() + own_.free(), total_);
}

void MessagePool::noteHighWater() noexcept {
    highWater_ = std::max<std::uint64_t>(highWater_, total_ - waiting());
}

void MessagePool::changeTotal(std::ptrdiff_t by) noexcept {
    total_ += static_cast<std::size_t>(by);
    attend(surplus, total_ > limits_.maxMessages);
}

void MessagePool::attend(unsigned bit, bool on) noexcept {
    const unsigned now = attention_.load(std::memory_order_relaxed);
    attention_.store(on ? now | bit : now & ~bit, std::memory_order_relaxed);
}

PoolCounters MessagePool::counters() const noexcept {
    const base::MutexLock lock(mutex_);
    PoolCounters counters;
    counters.hits = hits_ + own_.taken.get();
    counters.allocations = allocations_;
    counters.misses = misses_;
    counters.free = waiting();
    counters.outstanding = total_ - counters.free;
    counters.highWater = std::max(highWater_, counters.outstanding);
    return counters;
}

// --- accounts

detail::InboundAccount* MessagePool::openAccount() {
    const base::MutexLock lock(mutex_);
    if (freeAccounts_.empty()) {
        accounts_.push_back(std::make_unique<detail::InboundAccount>());
        try {
            // closeAccount() must not allocate.
            freeAccounts_.reserve(accounts_.capacity());
            closedAccounts_.reserve(accounts_.capacity());
        } catch (...) {
            accounts_.pop_back();
            throw;
        }
        accounts_.back()->pool = this;
        freeAccounts_.push_back(accounts_.back().get());
    }
    detail::InboundAccount* account = freeAccounts_.back();
    freeAccounts_.pop_back();
    return account;
}

void MessagePool::closeAccount(detail::InboundAccount* account) noexcept {
    const base::MutexLock lock(mutex_);
    closedAccounts_.push_back(account);
    // Scanning all of them for each close would be quadratic when messages of many closed groups stay out.
    if (account->outstanding() != 0 && closedAccounts_.size() < lookAtClosed_) return;
    std::erase_if(closedAccounts_, [this](detail::InboundAccount* closed) TEMPEH_REQUIRES(mutex_) {
        if (closed->outstanding() != 0) return false;
        closed->delivered = closed->returnedByOwner = 0;
        closed->returnedElsewhere.store(0, std::memory_order_relaxed);
        freeAccounts_.push_back(closed);
        return true;
    });
    lookAtClosed_ = 2 * closedAccounts_.size() + 1;
}

// --- the listener

void MessagePool::setListener(PoolListener* listener) noexcept {
    const base::MutexLock lock(mutex_);
    listener_ = listener;
}

void MessagePool::watchForReturn() noexcept {
    const base::MutexLock lock(mutex_);
    attend(watch, true);
}

MessagePool::Notice MessagePool::takeNotice(std::uint64_t obligation) noexcept {
    const bool returned = (attention_.load(std::memory_order_relaxed) & watch) != 0;
    if (returned) attend(watch, false);
    if ((!returned && obligation == 0) || listener_ == nullptr || state_ != State::Open) return {};
    return {listener_->hold(), obligation, returned};
}

void MessagePool::tellListener(const Notice& notice) noexcept {
    if (notice.obligation != 0) notice.listener->onObligationDropped(notice.obligation);
    if (notice.returned) notice.listener->onReturned();
}

std::shared_ptr<PoolListener> MessagePool::holdListener() noexcept {
    const base::MutexLock lock(mutex_);
    const bool isOpen = listener_ != nullptr && state_ == State::Open;
    return isOpen ? listener_->hold() : nullptr;
}

}  // namespace tempeh

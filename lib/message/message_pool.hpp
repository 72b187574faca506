#pragma once

#include "base/counter.hpp"
#include "base/thread_token.hpp"
#include "message/batch_depot.hpp"
#include "message/inbound_account.hpp"
#include "message/message_access.hpp"
#include "message/message_batch.hpp"

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/message/allocation_strategy.hpp>
#include <tempeh/message/message.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace tempeh {

/// Limits of a pool.
struct PoolLimits {
    std::size_t initialMessages = 0;         // created up front; at most maxMessages
    std::size_t maxMessages = 0;             // PoolOnly never creates more than this in total
    std::size_t maxHeapBytesPerMessage = 0;  // a message returned with more frees its blocks
    std::size_t maxRetainedHeapBytes = 0;    // total for all messages waiting in the pool
};

/// What a pool has counted since it was created. Reserved messages appear in `allocations` only.
struct PoolCounters {
    std::uint64_t hits = 0;         // served from the free list
    std::uint64_t allocations = 0;  // messages created on the heap, including the initial ones
    std::uint64_t misses = 0;       // PoolOnly found nothing
    std::uint64_t highWater = 0;    // most messages out at one time, to within the thread's own list
    std::uint64_t outstanding = 0;  // out now (messages in the thread's own list do not count as out)
    std::uint64_t free = 0;         // waiting in the pool now
};

/// How the pool notifies the engine. Called without a lock held (except hold()) on the thread that returned
/// the message; must be quick and must not throw.
class PoolListener {
public:
    /// Keeps the listener alive for the duration of a call. Null: it is shutting down, do not call it. Called
    /// under the pool's lock.
    virtual std::shared_ptr<PoolListener> hold() noexcept = 0;
    /// A message came back while watchForReturn() was on.
    virtual void onReturned() noexcept = 0;
    /// A message with an obligation came back without the obligation being met.
    virtual void onObligationDropped(std::uint64_t obligation) noexcept = 0;

protected:
    ~PoolListener() = default;
};

/// Recycles messages with their capacity, last in first out (the most recent one is still in the cache). Any
/// thread may get and return messages. The reactor thread has its own list, which needs no lock and trades
/// with the shared list in batches (docs/decisions, "The free list").
///
/// How much the own list may hide from other threads: nothing in a pool of less than 256 messages (it has no
/// own list), otherwise less than a twentieth of maxMessages and never 200 messages. When PoolOnly fails on
/// another thread for want of these, the owner's next return moves its whole list into the shared one. The
/// owner itself sees all free messages.
///
/// Lives until it is closed and its last message is back: messages may outlive their engine.
class MessagePool final : public detail::MessageHome {
public:
    /// Keeps the listener of a pool alive, so that a thread can notify it after releasing its locks.
    class Hold {
    public:
        Hold() noexcept = default;
        explicit Hold(MessagePool& pool) noexcept : listener_(pool.holdListener()) {}
        /// Null: the pool is closed and there is nothing to notify.
        PoolListener* listener() const noexcept { return listener_.get(); }

    private:
        std::shared_ptr<PoolListener> listener_;
    };

    /// Throws std::bad_alloc.
    static MessagePool* create(const PoolLimits& limits);

    /// A message in its initial state. Null when `PoolOnly` finds none (out + free would exceed maxMessages).
    /// `Always` may exceed maxMessages (a message that comes back while there are too many is freed); throws
    /// std::bad_alloc. Any thread.
    MessagePtr get(AllocationStrategy strategy) {
        if (usesOwnList()) [[likely]] {
            if (Message* message = takeOwn()) [[likely]]
                return MessagePtr(message);
            return getAsOwner(strategy);
        }
        return getShared(strategy);
    }

    /// A message outside the pool's maxMessages, which never makes PoolOnly fail: for the engine's own
    /// notices, made before they are needed. It returns to this pool like any other. Throws std::bad_alloc.
    /// Any thread.
    MessagePtr getReserved();

    /// Returns a message, without a virtual call when it is this pool's; others go to their own home. Any
    /// thread.
    void put(MessagePtr message) noexcept {
        if (message && detail::MessageAccess::home(*message) == this) [[likely]]
            giveBack(message.release());
    }

    /// Like put(), for a message without an obligation, on the owner thread.
    void putPosted(MessagePtr message) noexcept {
        settleAccount(*message);
        if (detail::MessageAccess::home(*message) == this && usesOwnList() && isQuiet()) [[likely]]
            keepOwn(*message.release());
        // Otherwise the deleter returns it to its home.
    }

    void giveBack(Message* message) noexcept override;

    /// Sets which token (base::currentThreadToken()) marks the thread with the lock-free list; null: none.
    /// Call it while no other thread uses the pool, or on that thread itself.
    void setOwner(const void* token) noexcept;

    /// Moves the own list into the shared one, for example before a long sleep. Owner thread only; cheap when
    /// empty.
    void flushOwnList() noexcept;

    void setListener(PoolListener* listener) noexcept;

    /// While on, the next return calls PoolListener::onReturned() and switches this off. Any thread. To wait
    /// for a message: call this, then get() again, and wait only if that returned null. On the owner thread
    /// no return is missed: flag and shared list change under one lock, so another thread's return is either
    /// visible to that get() or sees the flag, together with its account's count. A return on the owner
    /// thread while another thread calls this may go unnoticed.
    void watchForReturn() noexcept;

    /// Opens an account of this pool, all zero. Any thread. Throws std::bad_alloc.
    detail::InboundAccount* openAccount();
    /// The group has ended; messages received for it may still be out. Owner thread, or no other thread uses
    /// the pool.
    void closeAccount(detail::InboundAccount* account) noexcept;

    /// Ends the inbound life of a message: counts it as returned on its account, if any. Any thread.
    static void settleAccount(Message& message) noexcept {
        detail::InboundAccount* account = detail::MessageAccess::account(message);
        if (account == nullptr) return;
        if (account->pool->isOwnerThread()) {
            ++account->returnedByOwner;
        } else {
            account->returnedElsewhere.fetch_add(1, std::memory_order_release);
        }
        detail::MessageAccess::setAccount(message, nullptr);
    }

    /// Any thread.
    PoolCounters counters() const noexcept;

    /// No listener call starts after this. Frees the waiting messages; the pool deletes itself with its last
    /// message. Any thread, once, while the owner thread is not using the pool; only giveBack may follow.
    /// Does not wait for other threads: one that returns a message may hold the last reference to the engine.
    void close() noexcept;

private:
    class ReservedHome final : public detail::MessageHome {
    public:
        explicit ReservedHome(MessagePool& pool) noexcept : pool_(pool) {}
        void giveBack(Message* message) noexcept override;

    private:
        MessagePool& pool_;
    };

    enum class State : std::uint8_t { Open, Closed };

    // Bits of attention_. Any of them makes a return on the owner thread take the shared path.
    static constexpr unsigned watch = 1;    // notify the listener of the next return
    static constexpr unsigned wanted = 2;   // another thread's PoolOnly found nothing
    static constexpr unsigned surplus = 4;  // more messages than maxMessages

    /// What to tell the listener after the lock is released; null listener: nothing.
    struct Notice {
        std::shared_ptr<PoolListener> listener;
        std::uint64_t obligation = 0;
        bool returned = false;
    };

    explicit MessagePool(const PoolLimits& limits);
    ~MessagePool();

    bool isOwnerThread() const noexcept {
        return base::currentThreadToken() == owner_.load(std::memory_order_relaxed);
    }
    bool usesOwnList() const noexcept {
        return base::currentThreadToken() == listOwner_.load(std::memory_order_relaxed);
    }
    bool isQuiet() const noexcept { return attention_.load(std::memory_order_relaxed) == 0; }
    void keepOwn(Message& message) noexcept;
    void changeOwner(const void* token) noexcept TEMPEH_REQUIRES(mutex_);

    Message* takeOwn() noexcept;
    void relieveOwn() noexcept;
    bool extendCredit(std::size_t bytes) noexcept;
    MessagePtr getAsOwner(AllocationStrategy strategy);
    MessagePtr getShared(AllocationStrategy strategy);
    bool mayMake(AllocationStrategy strategy) TEMPEH_REQUIRES(mutex_);
    MessagePtr make();
    void fill(std::size_t count);
    void giveBackShared(Message* message, std::uint64_t obligation) noexcept;
    static void tellListener(const Notice& notice) noexcept;

    std::shared_ptr<PoolListener> holdListener() noexcept;

    bool keep(Message& message, std::size_t heapBytes) noexcept TEMPEH_REQUIRES(mutex_);
    bool keepReserved(Message& message, std::size_t heapBytes) noexcept TEMPEH_REQUIRES(mutex_);
    std::size_t affordable(Message& message, std::size_t heapBytes) noexcept TEMPEH_REQUIRES(mutex_);
    void spillOwn() noexcept TEMPEH_REQUIRES(mutex_);
    void renewCredit(std::size_t bytes) noexcept TEMPEH_REQUIRES(mutex_);
    std::size_t waiting() const noexcept TEMPEH_REQUIRES(mutex_);
    void noteHighWater() noexcept TEMPEH_REQUIRES(mutex_);
    void changeTotal(std::ptrdiff_t by) noexcept TEMPEH_REQUIRES(mutex_);
    void attend(unsigned bit, bool on) noexcept TEMPEH_REQUIRES(mutex_);
    Notice takeNotice(std::uint64_t obligation) noexcept TEMPEH_REQUIRES(mutex_);
    bool isFinished() const noexcept TEMPEH_REQUIRES(mutex_);
    void freeWaiting() noexcept TEMPEH_REQUIRES(mutex_);

    static constexpr std::size_t cacheLine = 64;

    // Read by every operation, seldom written.
    const PoolLimits limits_;
    const std::size_t batchSize_;      // 0: no own list
    static constexpr char nobody = 0;  // its address is no thread's token
    std::atomic<const void*> owner_{&nobody};
    std::atomic<const void*> listOwner_{&nobody};  // the thread that uses the own list, if there is one
    std::atomic<unsigned> attention_{0};           // written with the lock held

    // The owner thread's. Other threads read the atomics (only the owner writes them) and, with the lock
    // held, heapCredit.
    struct alignas(cacheLine) OwnList {
        detail::MessageBatch loaded;  // messages are taken from here and put here
        detail::MessageBatch full;    // empty, or a whole batch below `loaded`
        std::size_t heapCredit = 0;  // bytes of the budget reserved for this list; written with the lock held
        base::Counter taken;
        base::Counter given;
        std::atomic<std::uint64_t> traded{0};  // net number taken from the shared list, modulo 2^64

        std::size_t heapBytes() const noexcept { return loaded.heapBytes() + full.heapBytes(); }
        /// How many messages it holds. Another thread may see slightly too many or too few, never below zero.
        std::size_t free() const noexcept {
            const std::uint64_t in = traded.load(std::memory_order_relaxed) + given.get();
            const auto held = static_cast<std::int64_t>(in - taken.get());
            return held > 0 ? static_cast<std::size_t>(held) : 0;
        }
        /// Call after a trade with the shared list.
        void recount() noexcept {
            const std::uint64_t held = loaded.size() + full.size();
            traded.store(held - given.get() + taken.get(), std::memory_order_relaxed);
        }
    };
    OwnList own_;

    // Shared by all threads.
    alignas(cacheLine) mutable base::Mutex mutex_;
    detail::BatchDepot depot_ TEMPEH_GUARDED_BY(mutex_);
    detail::MessageBatch reservedFree_ TEMPEH_GUARDED_BY(mutex_);
    // Messages that exist, free or out, without the reserved ones.
    std::size_t total_ TEMPEH_GUARDED_BY(mutex_) = 0;
    std::size_t reserved_ TEMPEH_GUARDED_BY(mutex_) = 0;  // reserved messages that exist
    std::uint64_t hits_ TEMPEH_GUARDED_BY(mutex_) = 0;
    std::uint64_t allocations_ TEMPEH_GUARDED_BY(mutex_) = 0;
    std::uint64_t misses_ TEMPEH_GUARDED_BY(mutex_) = 0;
    std::uint64_t highWater_ TEMPEH_GUARDED_BY(mutex_) = 0;
    State state_ TEMPEH_GUARDED_BY(mutex_) = State::Open;
    PoolListener* listener_ TEMPEH_GUARDED_BY(mutex_) = nullptr;
    // All that were ever opened.
    std::vector<std::unique_ptr<detail::InboundAccount>> accounts_ TEMPEH_GUARDED_BY(mutex_);
    // Messages of theirs may still be out.
    std::vector<detail::InboundAccount*> closedAccounts_ TEMPEH_GUARDED_BY(mutex_);
    // How many there must be before they are scanned again.
    std::size_t lookAtClosed_ TEMPEH_GUARDED_BY(mutex_) = 1;
    std::vector<detail::InboundAccount*> freeAccounts_ TEMPEH_GUARDED_BY(mutex_);
    ReservedHome reservedHome_{*this};
};

inline Message* MessagePool::takeOwn() noexcept {
    Message* message = own_.loaded.pop();
    if (message == nullptr) [[unlikely]] {
        own_.loaded.swap(own_.full);
        message = own_.loaded.pop();
        if (message == nullptr) return nullptr;
    }
    own_.taken.add();
    return message;
}

inline void MessagePool::giveBack(Message* message) noexcept {
    settleAccount(*message);
    const std::uint64_t obligation = detail::MessageAccess::obligation(*message);
    if (obligation != 0 || !isQuiet() || !usesOwnList()) [[unlikely]]
        return giveBackShared(message, obligation);
    keepOwn(*message);
}

inline void MessagePool::keepOwn(Message& message) noexcept {
    message.reset();
    if (own_.loaded.size() >= batchSize_) [[unlikely]]
        relieveOwn();
    std::size_t heapBytes = detail::heapBytesOf(message);
    if (heapBytes != 0) {
        heapBytes = detail::trimHeap(message, heapBytes, limits_.maxHeapBytesPerMessage);
        const bool fits = own_.heapBytes() + heapBytes <= own_.heapCredit || extendCredit(heapBytes);
        if (!fits) heapBytes = detail::trimHeap(message, heapBytes, 0);
    }
    own_.loaded.push(message, heapBytes);
    own_.given.add();
}

}  // namespace tempeh

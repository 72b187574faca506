#pragma once

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/core/detail/group_backend.hpp>
#include <tempeh/message/message_queue.hpp>

#include <atomic>
#include <condition_variable>

namespace tempeh::core {

/// The owner of a mailbox.
class MailboxOwner {
public:
    /// Takes over the waiter if it can resume it faster than through the waiter's executor. Any thread, no
    /// lock held.
    virtual bool resumeSoon(detail::Waiter& waiter) noexcept = 0;
    /// Returns messages that were posted to the channel after it ended, which must come back first. Empty:
    /// the notice may be taken, and the number is free. Any thread, no lock held.
    virtual MessageQueue onCloseNotice(std::uint64_t obligation) noexcept = 0;
    /// Makes sure that Mailbox::takeWaiter() is called when the context is destroyed. Any thread, no lock
    /// held. Throws std::bad_alloc.
    virtual std::shared_ptr<detail::ContextLife> watch(asio::execution_context& context) = 0;

protected:
    ~MailboxOwner() = default;
};

/// The messages that wait to be received by one group. Producers splice in whole batches under one lock. The
/// single consumer moves everything into its own list under one lock and then works without it. Any thread.
class Mailbox {
public:
    explicit Mailbox(MailboxOwner& owner) noexcept : owner_(owner) {}
    ~Mailbox() = default;
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    /// Adds the batch and wakes the receiver if one is waiting: at most one wake-up per batch.
    /// `inlineAllowed`: the receiver may run inside this call if it belongs to this thread's executor. True:
    /// a receiver was woken.
    bool deliver(MessageQueue& batch, bool inlineAllowed) noexcept;
    bool deliver(MessagePtr message, bool inlineAllowed) noexcept;
    /// deliver() for a message that the application sends to itself; updates() counts it until it is taken.
    bool deliverUpdate(MessagePtr message) noexcept;

    /// Receiving ends with `reason` once the mailbox is drained. The first reason counts.
    void close(const error_code& reason) noexcept;
    /// Like close(), but returns the waiting messages to the pool.
    void closeAndClear(const error_code& reason) noexcept;

    /// The next message; null when there is none (`ec`: the reason given to close()). NotAllowed while a
    /// receiver waits.
    MessagePtr tryReceive(error_code& ec) noexcept;
    /// All messages up to the first ChannelClosed, or only that one if it comes first. Errors as in
    /// tryReceive().
    MessageQueue tryReceiveAll(error_code& ec) noexcept;

    /// As in GroupBackend. True: the waiter is registered and waits (arm its deadline).
    bool start(detail::Waiter& waiter) noexcept;
    bool finish(detail::Waiter& waiter, MessagePtr& message, error_code& ec) noexcept;
    void cancel(detail::Waiter& waiter) noexcept;
    void forget(detail::Waiter& waiter) noexcept;
    /// The waiter, if it belongs to that context and is not being resumed; otherwise null.
    detail::Waiter* takeWaiter(const detail::ContextLife& life) noexcept;

    /// Resumes the waiter if its deadline has passed; otherwise returns the deadline to wait for (max: none).
    TimePoint expire(TimePoint now) noexcept;

    /// Blocks the calling thread; polls for `poll` first.
    MessagePtr receiveBlocking(Duration timeout, Duration poll, error_code& ec) noexcept;

    /// The number of waiting messages.
    std::size_t pending() const noexcept {
        // Loading in this order can only count too many messages, never a negative number.
        const std::uint64_t taken = taken_.load(std::memory_order_acquire);
        return static_cast<std::size_t>(delivered_.load(std::memory_order_relaxed) - taken);
    }

    /// How many of these came through deliverUpdate().
    std::size_t updates() const noexcept { return updates_.load(std::memory_order_relaxed); }

private:
    /// Guards own_: one consumer at a time. Contention is rare; held for a few list operations only.
    class ConsumerLock {
    public:
        explicit ConsumerLock(std::atomic<bool>& busy) noexcept;
        ~ConsumerLock() { busy_.store(false, std::memory_order_release); }
        ConsumerLock(const ConsumerLock&) = delete;
        ConsumerLock& operator=(const ConsumerLock&) = delete;

    private:
        std::atomic<bool>& busy_;
    };

    /// Makes sure that own_ has a message, if there is one. Consumer lock held.
    bool refill(error_code& ec) noexcept;
    MessagePtr popOwn() noexcept;  // consumer lock held, own_ not empty
    void noteTaken(Message& message) noexcept;
    void takeShared() noexcept TEMPEH_REQUIRES(mutex_);  // consumer lock held
    detail::Waiter* wakeWaiter() noexcept TEMPEH_REQUIRES(mutex_);
    /// Marks the waiter as being resumed.
    void claim(detail::Waiter& waiter) noexcept TEMPEH_REQUIRES(mutex_);
    bool watchContext(detail::Waiter& waiter) noexcept;
    bool isWatched(const detail::Waiter& waiter) const noexcept TEMPEH_REQUIRES(mutex_);
    bool mayHandOver(const Message& first) const noexcept TEMPEH_REQUIRES(mutex_);
    /// Empty and not closed at the time of the call. No lock.
    bool isQuiet() const noexcept { return pending() == 0 && !closed_.load(std::memory_order_acquire); }
    /// True: threadWaits_ is set and the thread must sleep. Otherwise NotAllowed, or there is something to
    /// receive.
    bool beginSleep(error_code& ec) noexcept;
    void sleep(TimePoint pollEnd, TimePoint deadline) noexcept;

    MailboxOwner& owner_;

    // The consumer's, under consuming_.
    alignas(64) std::atomic<bool> consuming_{false};
    MessageQueue own_;
    std::atomic<std::uint64_t> taken_{0};  // written under consuming_

    alignas(64) mutable base::Mutex mutex_;
    MessageQueue shared_ TEMPEH_GUARDED_BY(mutex_);
    std::atomic<bool> hasShared_{false};  // shared_ is not empty; written with the lock held
    std::atomic<std::uint64_t> delivered_{0};
    std::atomic<std::size_t> updates_{0};
    detail::Waiter* waiter_ TEMPEH_GUARDED_BY(mutex_) = nullptr;  // waits or is being resumed
    // The context that receives, unless it is the engine's.
    std::shared_ptr<detail::ContextLife> life_ TEMPEH_GUARDED_BY(mutex_);
    std::atomic<const asio::execution_context*> watched_{
        nullptr};  // the context behind life_; written with the lock held
    bool threadWaits_ TEMPEH_GUARDED_BY(mutex_) = false;   // a thread is in receiveBlocking()
    bool threadSleeps_ TEMPEH_GUARDED_BY(mutex_) = false;  // it sleeps on arrived_
    std::atomic<bool> closed_{false};                      // written with the lock held
    error_code closeReason_ TEMPEH_GUARDED_BY(mutex_);
    std::condition_variable arrived_;
};

}  // namespace tempeh::core

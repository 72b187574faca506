#pragma once

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/core/detail/group_backend.hpp>
#include <tempeh/message/message_queue.hpp>

#include <atomic>
#include <condition_variable>

namespace tempeh::core {

/// Whose mailbox it is.
class MailboxOwner {
public:
    /// Takes the waiter over when it knows a quicker way to resume it than through its executor. Any thread,
    /// no lock held.
    virtual bool resumeSoon(detail::Waiter& waiter) noexcept = 0;
    /// Gives what was posted to the channel since it ended and has to come back first; empty: the notice may
    /// go, and the number with it. Any thread, no lock held.
    virtual MessageQueue onCloseNotice(std::uint64_t obligation) noexcept = 0;
    /// Sees to it that Mailbox::takeWaiter() is called when the context goes. Any thread, no lock held.
    /// Throws std::bad_alloc.
    virtual std::shared_ptr<detail::ContextLife> watch(asio::execution_context& context) = 0;

protected:
    ~MailboxOwner() = default;
};

/// What waits to be received by one group. Producers splice whole batches in under one lock; the one consumer
/// takes everything there is under one lock into a list of its own and works that off without. Any thread.
class Mailbox {
public:
    explicit Mailbox(MailboxOwner& owner) noexcept : owner_(owner) {}
    ~Mailbox() = default;
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    /// Adds the batch and wakes the receiver, if one waits: at most one wake a batch. `inlineAllowed`: the
    /// receiver may run inside this call when its executor is this thread's. True: a receiver was woken.
    bool deliver(MessageQueue& batch, bool inlineAllowed) noexcept;
    bool deliver(MessagePtr message, bool inlineAllowed) noexcept;
    /// deliver() of what an application tells itself, which updates() counts until it is taken.
    bool deliverUpdate(MessagePtr message) noexcept;

    /// Receiving ends with `reason` once the mailbox is drained. The first reason counts.
    void close(const error_code& reason) noexcept;
    /// close(), and what waits goes back to the pool.
    void closeAndClear(const error_code& reason) noexcept;

    /// The next message; null when there is none (`ec`: the reason of close()). NotAllowed while a receiver
    /// waits.
    MessagePtr tryReceive(error_code& ec) noexcept;
    /// Everything there is, up to the first ChannelClosed; that alone when it is the first. Errors as
    /// tryReceive().
    MessageQueue tryReceiveAll(error_code& ec) noexcept;

    /// As GroupBackend; true: the waiter is registered and waits (arm its deadline).
    bool start(detail::Waiter& waiter) noexcept;
    bool finish(detail::Waiter& waiter, MessagePtr& message, error_code& ec) noexcept;
    void cancel(detail::Waiter& waiter) noexcept;
    void forget(detail::Waiter& waiter) noexcept;
    /// The waiter, if it is of that context and nobody resumes it; null otherwise.
    detail::Waiter* takeWaiter(const detail::ContextLife& life) noexcept;

    /// Resumes the waiter if its deadline has come; else gives the deadline to wait for (max: none).
    TimePoint expire(TimePoint now) noexcept;

    /// Blocks the calling thread; polls for `poll` first.
    MessagePtr receiveBlocking(Duration timeout, Duration poll, error_code& ec) noexcept;

    /// Messages that wait.
    std::size_t pending() const noexcept {
        // In this order what comes in between makes it too many by that, never negative.
        const std::uint64_t taken = taken_.load(std::memory_order_acquire);
        return static_cast<std::size_t>(delivered_.load(std::memory_order_relaxed) - taken);
    }

    /// Of these, what deliverUpdate() brought.
    std::size_t updates() const noexcept { return updates_.load(std::memory_order_relaxed); }

private:
    /// One consumer at a time touches own_; contention is rare, and held for a few list operations only.
    class ConsumerLock {
    public:
        explicit ConsumerLock(std::atomic<bool>& busy) noexcept;
        ~ConsumerLock() { busy_.store(false, std::memory_order_release); }
        ConsumerLock(const ConsumerLock&) = delete;
        ConsumerLock& operator=(const ConsumerLock&) = delete;

    private:
        std::atomic<bool>& busy_;
    };

    /// Makes sure own_ has something, if there is anything to be had. Consumer lock held.
    bool refill(error_code& ec) noexcept;
    MessagePtr popOwn() noexcept;  // consumer lock held, own_ not empty
    void noteTaken(Message& message) noexcept;
    void takeShared() noexcept TEMPEH_REQUIRES(mutex_);  // consumer lock held
    detail::Waiter* wakeWaiter() noexcept TEMPEH_REQUIRES(mutex_);
    /// It is to be resumed now.
    void claim(detail::Waiter& waiter) noexcept TEMPEH_REQUIRES(mutex_);
    bool watchContext(detail::Waiter& waiter) noexcept;
    bool isWatched(const detail::Waiter& waiter) const noexcept TEMPEH_REQUIRES(mutex_);
    bool mayHandOver(const Message& first) const noexcept TEMPEH_REQUIRES(mutex_);
    /// Empty and not closed at the time of the call. No lock.
    bool isQuiet() const noexcept { return pending() == 0 && !closed_.load(std::memory_order_acquire); }
    /// True: threadWaits_ is set and the thread must sleep; else NotAllowed, or there is something.
    bool beginSleep(error_code& ec) noexcept;
    void sleep(TimePoint pollEnd, TimePoint deadline) noexcept;

    MailboxOwner& owner_;

    // Consumer's, under consuming_.
    alignas(64) std::atomic<bool> consuming_{false};
    MessageQueue own_;
    std::atomic<std::uint64_t> taken_{0};  // written under consuming_

    alignas(64) mutable base::Mutex mutex_;
    MessageQueue shared_ TEMPEH_GUARDED_BY(mutex_);
    std::atomic<bool> hasShared_{false};  // shared_ is not empty; written with the lock
    std::atomic<std::uint64_t> delivered_{0};
    std::atomic<std::size_t> updates_{0};
    detail::Waiter* waiter_ TEMPEH_GUARDED_BY(mutex_) = nullptr;  // waits or is being resumed
    // Of the context that receives, if not the engine's.
    std::shared_ptr<detail::ContextLife> life_ TEMPEH_GUARDED_BY(mutex_);
    std::atomic<const asio::execution_context*> watched_{
        nullptr};                                          // whose life that is; written with the lock
    bool threadWaits_ TEMPEH_GUARDED_BY(mutex_) = false;   // a thread is in receiveBlocking()
    bool threadSleeps_ TEMPEH_GUARDED_BY(mutex_) = false;  // it sleeps on arrived_
    std::atomic<bool> closed_{false};                      // written with the lock
    error_code closeReason_ TEMPEH_GUARDED_BY(mutex_);
    std::condition_variable arrived_;
};

}  // namespace tempeh::core

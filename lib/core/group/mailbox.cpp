#include "core/group/mailbox.hpp"

#include "core/group/obligation.hpp"
#include "message/message_access.hpp"

#include <boost/asio/error.hpp>

#include <chrono>
#include <thread>
#include <utility>

namespace tempeh::core {

namespace {

bool isOfKind(const Message& message, Obligation::Kind kind) noexcept {
    const std::uint64_t raw = detail::MessageAccess::obligation(message);
    return raw != 0 && Obligation(raw).kind() == kind;
}

bool isCloseNotice(const Message& message) noexcept {
    return isOfKind(message, Obligation::Kind::CloseNotice);
}

}  // namespace

Mailbox::ConsumerLock::ConsumerLock(std::atomic<bool>& busy) noexcept : busy_(busy) {
    // The holder only does a few list operations, unless it was preempted. In that case yielding would not
    // help a thread of lower priority to run again, so we sleep.
    constexpr int yields = 16;
    constexpr std::chrono::microseconds nap(50);
    for (int tries = 0; busy_.exchange(true, std::memory_order_acquire); ++tries) {
        if (tries < yields)
            std::this_thread::yield();
        else
            std::this_thread::sleep_for(nap);
    }
}

bool Mailbox::deliver(MessageQueue& batch, bool inlineAllowed) noexcept {
    if (batch.empty()) return false;
    detail::Waiter* waiter = nullptr;
    bool sleeps = false;
    MessagePtr handed;
    {
        const base::MutexLock lock(mutex_);
        if (inlineAllowed && mayHandOver(*batch.front())) {
            handed = batch.popFront();
            waiter = std::exchange(waiter_, nullptr);
        }
        delivered_.fetch_add(batch.size(), std::memory_order_relaxed);
        shared_.append(batch);
        hasShared_.store(!shared_.empty(), std::memory_order_release);
        if (handed == nullptr) waiter = wakeWaiter();
        sleeps = threadSleeps_;
    }
    if (handed != nullptr) {
        waiter->resumeWith(std::move(handed));
        return true;
    }
    if (sleeps) arrived_.notify_one();
    if (waiter != nullptr && (inlineAllowed || !owner_.resumeSoon(*waiter))) waiter->resume(inlineAllowed);
    return waiter != nullptr || sleeps;
}

/// Whether the waiter can have the message at once instead of fetching it: it runs inside this call, and no
/// other message comes first.
bool Mailbox::mayHandOver(const Message& first) const noexcept {
    return waiter_ != nullptr && !waiter_->resuming && waiter_->resumesInline() && shared_.empty() &&
           !closed_.load(std::memory_order_relaxed) && !isCloseNotice(first);
}

bool Mailbox::deliver(MessagePtr message, bool inlineAllowed) noexcept {
    MessageQueue batch;
    batch.pushBack(std::move(message));
    return deliver(batch, inlineAllowed);
}

bool Mailbox::deliverUpdate(MessagePtr message) noexcept {
    detail::MessageAccess::setObligation(*message, Obligation(Obligation::Kind::Update, 0, 0).raw());
    updates_.fetch_add(1, std::memory_order_relaxed);
    return deliver(std::move(message), false);
}

/// What to do when a message other than a ChannelClosed leaves the mailbox.
void Mailbox::noteTaken(Message& message) noexcept {
    if (!isOfKind(message, Obligation::Kind::Update)) [[likely]]
        return;
    detail::MessageAccess::setObligation(message, 0);
    updates_.fetch_sub(1, std::memory_order_relaxed);
}

detail::Waiter* Mailbox::wakeWaiter() noexcept {
    if (waiter_ == nullptr || waiter_->resuming) return nullptr;
    claim(*waiter_);
    return waiter_;
}

void Mailbox::claim(detail::Waiter& waiter) noexcept {
    waiter.resuming = true;
    if (waiter.life != nullptr) waiter.life->enter();
}

/// False: out of memory, and the waiter was notified.
bool Mailbox::watchContext(detail::Waiter& waiter) noexcept {
    try {
        std::shared_ptr<detail::ContextLife> life = owner_.watch(*waiter.context);
        const base::MutexLock lock(mutex_);
        life_ = std::move(life);
        watched_.store(waiter.context, std::memory_order_relaxed);
        return true;
    } catch (const std::bad_alloc&) {
        waiter.abortReason = Status::AllocationFailed;
        waiter.resuming = true;
        waiter.resume(false);
        return false;
    }
}

bool Mailbox::isWatched(const detail::Waiter& waiter) const noexcept {
    return waiter.context == nullptr || (life_ != nullptr && life_->isOf(*waiter.context));
}

detail::Waiter* Mailbox::takeWaiter(const detail::ContextLife& life) noexcept {
    const base::MutexLock lock(mutex_);
    if (life_.get() == &life) {
        watched_.store(nullptr, std::memory_order_relaxed);
        life_.reset();
    }
    const bool isTaken = waiter_ != nullptr && waiter_->life == &life && !waiter_->resuming;
    return isTaken ? std::exchange(waiter_, nullptr) : nullptr;
}

void Mailbox::close(const error_code& reason) noexcept {
    detail::Waiter* waiter = nullptr;
    {
        const base::MutexLock lock(mutex_);
        if (closed_.load(std::memory_order_relaxed)) return;
        closeReason_ = reason;
        closed_.store(true, std::memory_order_release);
        waiter = wakeWaiter();
    }
    arrived_.notify_all();
    if (waiter != nullptr) waiter->resume(false);
}

void Mailbox::closeAndClear(const error_code& reason) noexcept {
    close(reason);
    MessageQueue dropped;
    const ConsumerLock consumer(consuming_);
    const base::MutexLock lock(mutex_);
    takeShared();
    taken_.store(delivered_.load(std::memory_order_relaxed), std::memory_order_release);
    dropped.append(own_);
}

void Mailbox::takeShared() noexcept {
    own_.append(shared_);
    hasShared_.store(false, std::memory_order_relaxed);
}

MessagePtr Mailbox::popOwn() noexcept {
    while (isCloseNotice(*own_.front())) [[unlikely]] {
        MessageQueue late = owner_.onCloseNotice(detail::MessageAccess::obligation(*own_.front()));
        if (late.empty()) {
            detail::MessageAccess::setObligation(*own_.front(), 0);
            break;
        }
        delivered_.fetch_add(late.size(), std::memory_order_relaxed);
        late.append(own_);
        own_.append(late);
    }
    taken_.store(taken_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    noteTaken(*own_.front());
    return own_.popFront();
}

bool Mailbox::refill(error_code& ec) noexcept {
    if (!own_.empty()) return true;
    if (!hasShared_.load(std::memory_order_acquire) && !closed_.load(std::memory_order_acquire)) return false;
    const base::MutexLock lock(mutex_);
    if (waiter_ != nullptr || threadWaits_) {
        ec = Status::NotAllowed;
        return false;
    }
    takeShared();
    if (own_.empty() && closed_.load(std::memory_order_relaxed)) ec = closeReason_;
    return !own_.empty();
}

MessagePtr Mailbox::tryReceive(error_code& ec) noexcept {
    ec.clear();
    if (isQuiet()) return nullptr;
    const ConsumerLock consumer(consuming_);
    return refill(ec) ? popOwn() : nullptr;
}

MessageQueue Mailbox::tryReceiveAll(error_code& ec) noexcept {
    ec.clear();
    MessageQueue messages;
    if (isQuiet()) return messages;
    const ConsumerLock consumer(consuming_);
    if (!refill(ec)) return messages;
    if (hasShared_.load(std::memory_order_acquire)) {
        const base::MutexLock lock(mutex_);
        takeShared();
    }
    while (!own_.empty() && !isCloseNotice(*own_.front())) {
        noteTaken(*own_.front());
        messages.pushBack(own_.popFront());
    }
    if (messages.empty())
        messages.pushBack(popOwn());
    else
        taken_.store(taken_.load(std::memory_order_relaxed) + messages.size(), std::memory_order_release);
    return messages;
}

bool Mailbox::start(detail::Waiter& waiter) noexcept {
    const asio::execution_context* const context = waiter.context;
    if (context != nullptr && context != watched_.load(std::memory_order_relaxed) && !watchContext(waiter))
        return false;
    {
        const ConsumerLock consumer(consuming_);
        const base::MutexLock lock(mutex_);
        // A receiver of another context that came first counts as one that waits.
        if (waiter_ != nullptr || threadWaits_ || !isWatched(waiter)) {
            waiter.abortReason = Status::NotAllowed;
            waiter.resuming = true;
        } else {
            waiter_ = &waiter;
            waiter.life = context != nullptr ? life_.get() : nullptr;
            const bool something =
                !own_.empty() || !shared_.empty() || closed_.load(std::memory_order_relaxed);
            waiter.timedOut = !something && waiter.deadline == TimePoint::min();
            if (!something && !waiter.timedOut) return true;
            claim(waiter);
        }
    }
    // Without the locks: this goes through an executor of the application.
    waiter.resume(false);
    return false;
}

bool Mailbox::finish(detail::Waiter& waiter, MessagePtr& message, error_code& ec) noexcept {
    const ConsumerLock consumer(consuming_);
    {
        const base::MutexLock lock(mutex_);
        waiter.resuming = false;
        if (waiter.abortReason) {
            if (waiter_ == &waiter) waiter_ = nullptr;
            ec = waiter.abortReason;
            return true;
        }
        if (own_.empty()) takeShared();
        if (own_.empty()) {
            const bool closed = closed_.load(std::memory_order_relaxed);
            if (!closed && !waiter.timedOut) return false;  // another consumer took it
            if (closed) ec = closeReason_;
            waiter_ = nullptr;
            return true;
        }
        waiter_ = nullptr;
    }
    message = popOwn();
    return true;
}

void Mailbox::cancel(detail::Waiter& waiter) noexcept {
    {
        const base::MutexLock lock(mutex_);
        if (waiter_ != &waiter) return;
        if (!waiter.abortReason) waiter.abortReason = boost::asio::error::operation_aborted;
        if (waiter.resuming) return;  // finish() will see it and take nothing
        claim(waiter);
    }
    waiter.resume(false);
}

void Mailbox::forget(detail::Waiter& waiter) noexcept {
    const base::MutexLock lock(mutex_);
    if (waiter_ == &waiter) waiter_ = nullptr;
}

TimePoint Mailbox::expire(TimePoint now) noexcept {
    detail::Waiter* waiter = nullptr;
    {
        const base::MutexLock lock(mutex_);
        if (waiter_ == nullptr || waiter_->resuming) return TimePoint::max();
        if (waiter_->deadline > now) return waiter_->deadline;
        waiter_->timedOut = true;
        waiter = wakeWaiter();
    }
    waiter->resume(false);
    return TimePoint::max();
}

}  // namespace tempeh::core

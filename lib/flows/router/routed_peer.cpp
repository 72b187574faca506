#include "flows/router/routed_peer.hpp"

#include "flows/hub/suspension.hpp"
#include "flows/peer/peer_access.hpp"
#include "flows/peer/peer_operations.hpp"
#include "flows/router/routed_peer_waits.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <new>

namespace tempeh::flows::detail {

namespace {

/// While it lives, the peer's cancellations are heard.
class Listening {
public:
    Listening(PeerState& peer, CancelSink& sink) noexcept : peer_(peer) { set(&sink); }
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;
    ~Listening() { set(nullptr); }

private:
    void set(CancelSink* sink) noexcept {
        const HubLock lock(peer_.hub());
        peer_.cancelSink = sink;
    }
    PeerState& peer_;
};

}  // namespace

RoutedPeer::RoutedPeer(std::shared_ptr<RouterState> router, Peer peer, asio::any_io_executor executor)
    : router_(std::move(router))
    , peer_(std::move(peer))
    , state_(PeerAccess::state(peer_))
    , executor_(std::move(executor))
    , address_(state_->info().peerAddress)
    , limit_(std::max<std::size_t>(router_->options().requestsPerPeer, 1)) {}

asio::awaitable<void> RoutedPeer::serve(std::shared_ptr<RouterState> router, Peer peer) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const auto self = std::make_shared<RoutedPeer>(std::move(router), std::move(peer), executor);
    const Listening listening(*self->state_, *self);
    self->addWorker();
    SupervisorWait wait(*self);
    Suspension suspension(self->state_->hub(), wait, executor);
    while (!wait.isOver) {
        auto woken = suspension.until(self->arm());
        co_await std::move(woken);
        const bool isCancelled = wait.ec.failed();
        if (isCancelled) co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        wait.ec.clear();
        if (isCancelled || (wait.hasEnded && !std::exchange(wait.hasSeenEnd, true)))
            self->stopAll(isCancelled);
        else
            self->stopDue();
    }
    if (self->failure_ != nullptr) std::rethrow_exception(self->failure_);
}

TimePoint RoutedPeer::arm() noexcept {
    const HubLock lock(state_->hub());
    armedFor_ = TimePoint::max();
    for (const WorkerPtr& worker : workers_)
        if (worker->stop == RequestWorker::Stop::None) armedFor_ = std::min(armedFor_, worker->deadline);
    return armedFor_;
}

void RoutedPeer::tellSupervisor(WokenList& woken) noexcept {
    hasNews_ = true;
    if (supervisor_ != nullptr) state_->hub().wake(*supervisor_, woken);
}

void RoutedPeer::limitTime(RequestWorker& worker, TimePoint deadline) noexcept {
    WokenList woken;
    {
        const HubLock lock(state_->hub());
        worker.deadline = std::min(worker.deadline, deadline);
        if (worker.deadline < armedFor_) tellSupervisor(woken);
    }
    woken.wakeAll(false);
}

/// A request that has not been received is remembered, up to a bound: beyond it, it is carried out in vain.
void RoutedPeer::onCancel(MessageId request, WokenList& woken) noexcept {
    constexpr std::size_t most = 1024;
    for (const WorkerPtr& worker : workers_) {
        if (worker->request != request || worker->stop != RequestWorker::Stop::None) continue;
        worker->deadline = TimePoint::min();
        worker->stop = RequestWorker::Stop::Cancelled;
        return tellSupervisor(woken);
    }
    if (state_->inbox.empty() || withdrawn_.size() >= most) return;
    try {
        withdrawn_.insert(request);
    } catch (const std::bad_alloc&) {
        return;
    }
}

bool RoutedPeer::wasWithdrawn(MessageId request) noexcept {
    const HubLock lock(state_->hub());
    if (withdrawn_.empty()) return false;
    const bool was = withdrawn_.erase(request) != 0;
    if (state_->inbox.empty()) withdrawn_.clear();
    return was;
}

/// The next worker to stop; null if there is none.
WorkerPtr RoutedPeer::takeDue(TimePoint now) noexcept {
    using Stop = RequestWorker::Stop;
    for (const WorkerPtr& worker : workers_) {
        if (worker->request == 0 || worker->isSignalled) continue;
        if (worker->stop == Stop::None && worker->deadline <= now) worker->stop = Stop::Overdue;
        if (worker->stop != Stop::None) return worker;
    }
    return nullptr;
}

void RoutedPeer::stopDue() noexcept {
    const TimePoint now = time().now();
    for (;;) {
        WorkerPtr worker;
        {
            const HubLock lock(state_->hub());
            worker = takeDue(now);
        }
        if (worker == nullptr) return;
        stop(*worker);
    }
}

void RoutedPeer::stop(RequestWorker& worker) noexcept {
    worker.isSignalled = true;
    if (worker.context != nullptr) worker.context->isCancelled_ = true;
    worker.signal.emit(asio::cancellation_type::terminal);
}

void RoutedPeer::stopAll(bool idle) noexcept {
    if (idle) endReceiving(nullptr);
    {
        const HubLock lock(state_->hub());
        for (const WorkerPtr& worker : workers_)
            if (worker->request != 0 && worker->stop == RequestWorker::Stop::None)
                worker->stop = RequestWorker::Stop::Cancelled;
    }
    stopDue();
    if (!idle) return;
    if (const WorkerPtr receiving = receiver_.lock()) stop(*receiving);
}

void RoutedPeer::addWorker() {
    auto worker = std::make_shared<RequestWorker>();
    {
        const HubLock lock(state_->hub());
        workers_.push_back(worker);
    }
    Share share(shared_from_this(), worker);
    // The coroutine's end owns the signal that holds its slots.
    asio::co_spawn(
        executor_, work(std::move(share)),
        asio::bind_cancellation_slot(worker->signal.slot(), [worker](const std::exception_ptr&) {}));
}

void RoutedPeer::leave(const RequestWorker& worker) noexcept {
    WokenList woken;
    WorkerPtr gone;  // destroyed without the lock
    {
        const HubLock lock(state_->hub());
        const auto place = std::ranges::find(workers_, &worker, &WorkerPtr::get);
        if (place != workers_.end()) {
            gone = std::move(*place);
            workers_.erase(place);
        }
        if (workers_.empty()) tellSupervisor(woken);
    }
    woken.wakeAll(false);
}

/// To a worker that waits for it, or else to a new one. It runs later, so that handlers begin in the order of
/// their requests.
void RoutedPeer::handOnTurn() {
    isReceiving_ = false;
    receiver_.reset();
    if (std::exchange(isSuccessorWoken_, true)) return;
    WokenList woken;
    bool isFull = false;
    {
        const HubLock lock(state_->hub());
        isFull = workers_.size() >= limit_;
        if (!idle_.empty()) state_->hub().wake(idle_.front(), woken);
    }
    if (!woken.empty()) return woken.wakeAll(false);
    isSuccessorWoken_ = !isFull;
    if (!isFull) addWorker();
}

void RoutedPeer::endReceiving(std::exception_ptr failure) noexcept {
    if (std::exchange(isOver_, true)) return;
    failure_ = std::move(failure);
    WokenList woken;
    {
        const HubLock lock(state_->hub());
        state_->hub().wakeAll(idle_, woken);
    }
    woken.wakeAll(false);
}

}  // namespace tempeh::flows::detail

#pragma once

#include "flows/router/routed_peer.hpp"

#include <utility>

namespace tempeh::flows::detail {

/// The supervisor waits for the end of the channel, for requests to stop, and for the last worker's end.
class RoutedPeer::SupervisorWait final : public ListedWait {
public:
    explicit SupervisorWait(RoutedPeer& owner) noexcept : owner_(owner) {}
    bool enter() noexcept override TEMPEH_REQUIRES(hubLocked) {
        owner_.state_->closers.push_back(*this);
        owner_.supervisor_ = this;
        return owner_.hasNews_ || (!hasSeenEnd && owner_.state_->hasEnded());
    }
    void settle() noexcept override TEMPEH_REQUIRES(hubLocked) {
        owner_.state_->closers.erase(owner_.state_->closers.iterator_to(*this));
        owner_.supervisor_ = nullptr;
        owner_.hasNews_ = false;
        isOver = owner_.workers_.empty();
        hasEnded = owner_.state_->hasEnded();
    }

    bool isOver = false;
    bool hasEnded = false;    // the channel
    bool hasSeenEnd = false;  // the supervisor's

private:
    RoutedPeer& owner_;
};

/// A worker waits for its turn to receive, or for the end.
class RoutedPeer::TurnWait final : public ListedWait {
public:
    /// `mustWait`: at least until the executor has come round.
    TurnWait(RoutedPeer& owner, bool mustWait) noexcept : owner_(owner), isAwake_(mustWait) {}
    bool enter() noexcept override TEMPEH_REQUIRES(hubLocked) {
        owner_.idle_.push_back(*this);
        return isAwake_ || owner_.isOver_;
    }
    void settle() noexcept override TEMPEH_REQUIRES(hubLocked) {
        owner_.idle_.erase(owner_.idle_.iterator_to(*this));
        owner_.isSuccessorWoken_ = false;
    }

private:
    RoutedPeer& owner_;
    const bool isAwake_;
};

/// A worker's share in its peer. Goes with its coroutine, however that ends.
class RoutedPeer::Share {
public:
    Share(RoutedPeerPtr owner, WorkerPtr worker) noexcept
        : owner_(std::move(owner)), worker_(std::move(worker)) {}
    Share(Share&&) noexcept = default;
    Share& operator=(Share&&) = delete;
    ~Share() {
        if (owner_ != nullptr) owner_->leave(*worker_);
    }
    RoutedPeer& owner() const noexcept { return *owner_; }
    const WorkerPtr& worker() const noexcept { return worker_; }

private:
    RoutedPeerPtr owner_;
    WorkerPtr worker_;
};

/// Lives while a worker has a request at work.
class RoutedPeer::AtWork {
public:
    AtWork(RoutedPeer& owner, RequestWorker& worker, RequestContext& context, MessageId request) noexcept
        : owner_(owner), worker_(worker) {
        RouterState::count(owner.router_->counts.requests);
        worker.context = &context;
        worker.isSignalled = false;
        const HubLock lock(owner.state_->hub());
        worker.request = request;
        worker.stop = RequestWorker::Stop::None;
    }
    AtWork(const AtWork&) = delete;
    AtWork& operator=(const AtWork&) = delete;
    ~AtWork() { end(); }

    /// Why it was stopped, if it was.
    RequestWorker::Stop end() noexcept {
        worker_.context = nullptr;
        const HubLock lock(owner_.state_->hub());
        worker_.request = 0;
        worker_.deadline = TimePoint::max();
        return worker_.stop;
    }

private:
    RoutedPeer& owner_;
    RequestWorker& worker_;
};

}  // namespace tempeh::flows::detail

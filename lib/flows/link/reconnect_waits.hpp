#pragma once

#include "flows/link/reconnect_core.hpp"

#include <utility>

namespace tempeh::flows::detail {

/// Waits for a connection that has not ended, or for the end of all attempts.
class ReconnectCore::ConnectionWait final : public ListedWait {
public:
    explicit ConnectionWait(ReconnectCore& core) noexcept : core_(core) {}
    bool enter() noexcept override TEMPEH_REQUIRES(hubLocked) {
        core_.waiters_.push_back(*this);
        return isThere() || core_.state_ == LinkState::Closed;
    }
    void settle() noexcept override TEMPEH_REQUIRES(hubLocked) {
        core_.waiters_.erase(core_.waiters_.iterator_to(*this));
        if (ec) return;
        if (isThere()) peer = core_.peer_;
        if (core_.state_ == LinkState::Closed) end = core_.inbox.end;
    }

    PeerPtr peer;
    error_code end;

private:
    bool isThere() const noexcept TEMPEH_REQUIRES(hubLocked) {
        return core_.state_ == LinkState::Connected && !core_.peer_->isDoomed();
    }
    ReconnectCore& core_;
};

/// Waits for the end of one connection. `ec` is set if it ended in an unusual way.
class ReconnectCore::EndOfChannel final : public ListedWait {
public:
    explicit EndOfChannel(PeerState& peer) noexcept : peer_(peer) {}
    bool enter() noexcept override TEMPEH_REQUIRES(hubLocked) {
        peer_.closers.push_back(*this);
        return peer_.hasEnded();
    }
    void settle() noexcept override TEMPEH_REQUIRES(hubLocked) {
        peer_.closers.erase(peer_.closers.iterator_to(*this));
        if (!ec && peer_.endCode() != Status::ChannelClosed) ec = peer_.endCode();
    }

private:
    PeerState& peer_;
};

/// While it lives, the link receives what its connection receives.
class ReconnectCore::Redirection {
public:
    Redirection(PeerState& peer, Inbox& inbox) noexcept : peer_(peer) { set(&inbox); }
    Redirection(const Redirection&) = delete;
    Redirection& operator=(const Redirection&) = delete;
    ~Redirection() { set(nullptr); }

private:
    void set(Inbox* inbox) noexcept {
        WokenList woken;
        {
            const HubLock lock(peer_.hub());
            peer_.redirect(inbox, woken);
        }
        woken.wakeAll(false);
    }
    PeerState& peer_;
};

/// Waits for the end of all attempts.
class ReconnectCore::EndWait final : public ListedWait {
public:
    explicit EndWait(ReconnectCore& core) noexcept : core_(core) {}
    bool enter() noexcept override TEMPEH_REQUIRES(hubLocked) {
        core_.waiters_.push_back(*this);
        return core_.state_ == LinkState::Closed;
    }
    void settle() noexcept override TEMPEH_REQUIRES(hubLocked) {
        core_.waiters_.erase(core_.waiters_.iterator_to(*this));
        isOver = core_.state_ == LinkState::Closed;
    }

    bool isOver = false;

private:
    ReconnectCore& core_;
};

/// Counts a request once when it begins and once when it ends, however it does.
class ReconnectCore::RequestTally {
public:
    explicit RequestTally(ReconnectCore& core) : core_(core) { add(&ReconnectCounters::requests); }
    RequestTally(const RequestTally&) = delete;
    RequestTally& operator=(const RequestTally&) = delete;
    ~RequestTally() {
        const HubLock lock(*core_.hub_);
        ++(core_.counts_.*end_);
        if (end_ == &ReconnectCounters::answered) core_.budget_.onAnswer();
    }

    void setEnd(const MessagePtr& answer) noexcept {
        end_ = answer != nullptr ? &ReconnectCounters::answered : &ReconnectCounters::timedOut;
    }
    void addSentAgain() { add(&ReconnectCounters::sentAgain); }

private:
    using Counter = std::uint64_t ReconnectCounters::*;
    void add(Counter counter) {
        const HubLock lock(*core_.hub_);
        ++(core_.counts_.*counter);
    }

    ReconnectCore& core_;
    Counter end_ = &ReconnectCounters::failed;
};

/// The coroutine's share: when the coroutine ends, however it does, the link ends.
class ReconnectCore::Running {
public:
    explicit Running(ReconnectPtr core) noexcept : core_(std::move(core)) {}
    Running(Running&&) noexcept = default;
    Running& operator=(Running&&) = delete;
    ~Running() {
        if (core_ == nullptr) return;
        // What is bound to the slot holds an executor, and this may be the last moment at which its context
        // exists.
        core_->stopAttempts_.slot().clear();
        core_->end();
    }
    ReconnectCore& core() const noexcept { return *core_; }

private:
    ReconnectPtr core_;
};

}  // namespace tempeh::flows::detail

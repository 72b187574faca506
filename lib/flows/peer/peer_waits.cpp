#include "flows/peer/peer_waits.hpp"

namespace tempeh::flows::detail {

bool HelloWait::enter() noexcept {
    peer_.helloWaiter = this;
    return peer_.helloPhase() != HelloPhase::Pending || peer_.hasEnded();
}

bool CloseWait::enter() noexcept {
    peer_.closers.push_back(*this);
    return peer_.hasEnded();
}

void CloseWait::settle() noexcept {
    peer_.closers.erase(peer_.closers.iterator_to(*this));
    if (!ec) farewell = std::move(peer_.farewell);
}

void RequestWait::open(Message& request) {
    if (request.header.messageId == 0) request.header.messageId = peer_.nextRequestId();
    error_code problem;
    {
        const HubLock lock(peer_.hub());
        if (peer_.hasEnded())
            problem = peer_.endCode();
        else if (!peer_.answers.insert(request.header.messageId, *this))
            problem = Status::InvalidMessageId;
        else
            ++peer_.counts.requests;
    }
    if (problem == Status::InvalidMessageId)
        throw Error(problem, "request " + std::to_string(request.header.messageId) + " is in flight already");
    if (problem) throw peer_.errorFor(problem);
    isOpen_ = true;
}

bool RequestWait::enter() noexcept {
    if (isDone() || !arrived_.empty()) return true;
    need_.begin();
    return false;
}

void RequestWait::takeArrived() noexcept {
    for (const Message& signal : arrived_)
        peer_.reading.remove(signal);
    progress_.append(arrived_);
}

void RequestWait::settle() noexcept {
    need_.end();
    takeArrived();
    if (!ec && !isDone() && !hasTimedOut()) return;  // not the end yet
    if (ec || failure_)
        ++peer_.counts.failed;
    else if (answer_ != nullptr)
        ++peer_.counts.answered;
    else
        ++peer_.counts.timedOut;
    leave();
}

void RequestWait::showProgress(const SignalHandler& onSignal, TimePoint& deadline) {
    while (const MessagePtr signal = progress_.popFront()) {
        onSignal(*signal);
        if (peer_.hub().time().until(deadline) > Duration::zero()) continue;
        deadline = TimePoint::min();
        const HubLock lock(peer_.hub());
        peer_.counts.droppedSignals += progress_.size();
        progress_.clear();
    }
}

MessagePtr RequestWait::takeReturned() noexcept {
    const HubLock lock(peer_.hub());
    return std::move(returned_);
}

MessagePtr RequestWait::takeAnswer() {
    if (ec) throw peer_.errorFor(ec);
    if (problem_ && isUnsent_) throw Error(problem_, "the request was not sent");
    if (problem_) throw peer_.errorFor(problem_);
    return std::move(result_);
}

void RequestWait::giveUp(std::uint64_t PeerCounters::*counter) noexcept {
    const HubLock lock(peer_.hub());
    ++(peer_.counts.*counter);
    leave();
}

void RequestWait::leave() noexcept {
    need_.end();
    takeArrived();
    peer_.answers.erase(*this);
    result_ = std::move(answer_);
    problem_ = failure_;
    isUnsent_ = returned_ != nullptr;
    isOpen_ = false;
}

void RequestWait::onMessage(MessagePtr& message, WokenList& woken) noexcept {
    if (isDone()) return;
    if (!message->isFromEngine() && message->header.opCode != OpCode::Response) {
        if (!wantsSignals_ || !peer_.mayKeep(message)) return;
        peer_.reading.add(*message);
    }
    need_.end();
    if (message->isFromEngine()) {
        failure_ = message->status();
        returned_ = std::move(message);
    } else if (message->header.opCode == OpCode::Response) {
        answer_ = std::move(message);
    } else {
        arrived_.pushBack(std::move(message));
    }
    peer_.hub().wake(*this, woken);
}

void RequestWait::onEnd(WokenList& woken) noexcept {
    if (isDone()) return;
    failure_ = peer_.endCode();
    peer_.hub().wake(*this, woken);
}

}  // namespace tempeh::flows::detail

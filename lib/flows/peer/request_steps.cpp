#include "flows/peer/request_steps.hpp"

#include "flows/peer/peer_operations.hpp"

#include <utility>

namespace tempeh::flows::detail {

RequestSteps::RequestSteps(PeerState& peer, MessagePtr message, Duration timeout,
                           const SignalHandler& onSignal, MessagePtr* unsent)
    : peer_(peer)
    , message_(std::move(message))
    , onSignal_(onSignal)
    , unsent_(unsent)
    , deadline_(peer.hub().time().after(timeout))
    , wait_(peer, onSignal != nullptr) {}

RequestSteps::~RequestSteps() {
    if (unsent_ == nullptr) return;
    *unsent_ = message_ != nullptr ? std::move(message_) : wait_.takeReturned();
}

RequestSteps::Step RequestSteps::begin() {
    requireRequest(message_);
    wait_.open(*message_);
    return post();
}

RequestSteps::Step RequestSteps::onRoom(bool hasRoom) {
    if (hasRoom) return post();
    wait_.giveUp(&PeerCounters::timedOut);
    return Step::Done;
}

RequestSteps::Step RequestSteps::onSettled() {
    wait_.showProgress(onSignal_, deadline_);
    return wait_.isOpen() ? Step::AwaitAnswer : Step::Done;
}

MessagePtr RequestSteps::finish() {
    return wait_.takeAnswer();
}

RequestSteps::Step RequestSteps::post() {
    const error_code ec = peer_.post(message_);
    if (ec == Status::SendQueueFull) return Step::AwaitRoom;
    if (ec) throw peer_.errorFor(ec);
    return Step::AwaitAnswer;
}

}  // namespace tempeh::flows::detail

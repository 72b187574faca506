// How a worker of a routed peer handles its requests.

#include "flows/hub/suspension.hpp"
#include "flows/peer/error_detail.hpp"
#include "flows/peer/peer_operations.hpp"
#include "flows/router/routed_peer.hpp"
#include "flows/router/routed_peer_waits.hpp"

#include <tempeh/wire/address.hpp>

#include <string>

namespace tempeh::flows::detail {

asio::awaitable<void> RoutedPeer::work(Share share) {
    RoutedPeer& self = share.owner();
    RequestWorker& worker = *share.worker();
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    co_await asio::this_coro::throw_if_cancelled(false);
    for (bool isNew = true; !self.isOver_; isNew = false) {
        if (isNew || !self.takeTurn(share.worker())) {
            TurnWait wait(self, isNew);
            Suspension suspension(self.state_->hub(), wait, executor);
            auto turn = suspension.until(TimePoint::max());
            co_await std::move(turn);
            continue;
        }
        error_code ec;
        MessagePtr message = self.takeReady(ec);
        if (message == nullptr && !ec) {
            auto receiving = receiveFrom(self.state_, infinite, ec);
            message = co_await std::move(receiving);
        }
        if (message == nullptr) {
            self.endReceiving(isOrdinaryEnd(ec) ? nullptr : std::make_exception_ptr(Error(ec)));
            break;
        }
        self.handOnTurn();
        if (!self.isForHandler(message)) continue;
        std::exception_ptr failure;
        RequestContext context(self, worker, std::move(message));
        AtWork work(self, worker, context, context.message().header.messageId);
        context.begin();
        co_await asio::this_coro::throw_if_cancelled(true);
        try {
            auto handling = context.next();
            co_await std::move(handling);
        } catch (...) {
            failure = std::current_exception();
        }
        const RequestWorker::Stop stop = work.end();
        co_await asio::this_coro::throw_if_cancelled(false);
        if (worker.isSignalled) co_await asio::this_coro::reset_cancellation_state();
        MessagePtr answer = self.conclude(context, failure, stop);
        if (answer == nullptr) continue;
        ec = self.state_->post(answer);
        if (ec != Status::SendQueueFull) continue;  // sent, or the channel ends
        try {
            co_await postInTime(*self.state_, answer, TimePoint::max());
        } catch (const boost::system::system_error&) {
            continue;  // receiving will tell
        }
    }
}

MessagePtr RoutedPeer::takeReady(error_code& ec) noexcept {
    MessagePtr ready = state_->inbox.tryReceive(state_->hub(), ec);
    if (ready != nullptr) state_->onReceived(*ready);
    return ready;
}

bool RoutedPeer::isForHandler(MessagePtr& message) {
    const BinaryHeader& header = message->header;
    if (header.opCode == OpCode::Request) return !wasWithdrawn(header.messageId);
    const auto& onSignal = router_->options().onSignal;
    if (header.opCode == OpCode::Signal && onSignal != nullptr) onSignal(peer_, std::move(message));
    return false;  // a bye is answered by the engine
}

MessagePtr RoutedPeer::conclude(RequestContext& context, const std::exception_ptr& failure,
                                RequestWorker::Stop stop) {
    using Answer = RequestContext::Answer;
    using Stop = RequestWorker::Stop;
    auto& counts = router_->counts;
    if (stop == Stop::Cancelled) {
        RouterState::count(counts.cancelled);
        return nullptr;
    }
    const bool isDone = failure == nullptr && context.answer_ != Answer::None;
    if (!isDone && stop == Stop::None) noteFailure(context, failure);
    RouterState::count(isDone ? counts.answered : stop == Stop::Overdue ? counts.overdue : counts.failed);
    if (context.answer_ == Answer::Taken) return nullptr;
    if (!isDone) context.refuse(Status::ProcessingFailed, stop == Stop::Overdue ? "not done in time" : "");
    BinaryHeader& header = context.message_->header;
    header.opCode = OpCode::Response;
    header.more = false;
    return std::move(context.message_);
}

void RoutedPeer::noteFailure(const RequestContext& context, const std::exception_ptr& failure) noexcept try {
    if (!state_->isOpen()) return;  // how its handlers end is of no interest
    const std::string where = "router: the handler of '" + std::string(context.route()) + "' for " + address_;
    WarningLog& warnings = state_->hub().warnings();
    if (failure == nullptr) return warnings.write(Warning::HandlerThrew, where + " ended without an answer");
    warnings.write(Warning::HandlerThrew, where + " threw", failure);
    if (router_->options().onFailure != nullptr) router_->options().onFailure(context, failure);
} catch (...) {
    state_->hub().warnings().write(Warning::FailureHookThrew, "router: the failure hook threw",
                                   std::current_exception());
}

}  // namespace tempeh::flows::detail

#include "flow/load.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>

#include <chrono>
#include <utility>

namespace tool {

namespace {

using Clock = std::chrono::steady_clock;
using tempeh::MessagePtr;
using tempeh::OpCode;

constexpr auto patience = std::chrono::seconds(5);  // for one answer

}  // namespace

Load::Load(const asio::any_io_executor& executor, LoadPlan plan, std::vector<tempeh::flows::Peer> peers)
    : executor_(executor)
    , plan_(plan)
    , peers_(std::move(peers))
    , body_(plan.size, 'x')
    , allEnded_(executor, Clock::time_point::max()) {}

void Load::start() {
    for (const tempeh::flows::Peer& peer : peers_) {
        const bool isOneWay = plan_.kind == LoadPlan::Kind::OneWay;
        for (std::uint64_t i = 0; i < (isOneWay ? 1 : plan_.inFlight); ++i)
            run(isOneWay ? oneWay(peer) : roundTrips(peer));
    }
}

void Load::run(asio::awaitable<void> worker) {
    ++running_;
    auto onEnd = [this](const std::exception_ptr& failure) {
        if (failure && phase_ == Phase::Aborted) {
            ++count_.failures;  // what was in flight
        } else if (failure) {
            failure_ = failure;
            stop();
        }
        if (--running_ == 0) allEnded_.cancel();
    };
    asio::co_spawn(executor_, std::move(worker), std::move(onEnd));
}

asio::awaitable<void> Load::ended(Clock::duration atMost) {
    tempeh::error_code ignored;
    if (running_ != 0) {
        allEnded_.expires_after(atMost);
        co_await allEnded_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (running_ != 0) {
        phase_ = Phase::Aborted;
        for (tempeh::flows::Peer& peer : peers_)
            peer.abort();
        allEnded_.expires_at(Clock::time_point::max());
        co_await allEnded_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (failure_) std::rethrow_exception(failure_);
}

asio::awaitable<void> Load::roundTrips(tempeh::flows::Peer peer) {
    while (phase_ == Phase::Running) {
        MessagePtr request = peer.newMessage(OpCode::Request, body_);
        const Clock::time_point start = Clock::now();
        const MessagePtr answer = co_await peer.request(std::move(request), patience);
        const bool isRight = answer != nullptr && answer->header.status == 0 &&
                             (!plan_.checksEcho || answer->body.view() == body_);
        if (isRight) {
            count_.times.add(Clock::now() - start);
            ++count_.messages;
        } else {
            ++count_.failures;
        }
    }
}

asio::awaitable<void> Load::oneWay(tempeh::flows::Peer peer) {
    while (phase_ == Phase::Running) {
        MessagePtr signal = peer.newMessage(OpCode::Signal, body_);
        co_await peer.send(std::move(signal));
        ++count_.messages;
    }
    // Behind all of them in the channel's order: its answer says that they have arrived.
    MessagePtr last = peer.newMessage();
    const MessagePtr answer = co_await peer.request(std::move(last), patience * 6);
    if (answer == nullptr) ++count_.failures;
}

}  // namespace tool

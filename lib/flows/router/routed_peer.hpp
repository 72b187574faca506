#pragma once

#include "flows/peer/cancel_sink.hpp"
#include "flows/peer/peer_state.hpp"
#include "flows/router/router_state.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace tempeh::flows::detail {

class RoutedPeer;
using RoutedPeerPtr = std::shared_ptr<RoutedPeer>;

/// A coroutine that takes one request after the other, and what it takes to cancel the one at work.
class RequestWorker {
public:
    RequestWorker() = default;
    RequestWorker(const RequestWorker&) = delete;
    RequestWorker& operator=(const RequestWorker&) = delete;

    /// Why the request at work ends before its handler does.
    enum class Stop : std::uint8_t { None, Overdue, Cancelled };

    // The executor's.
    asio::cancellation_signal signal;
    RequestContext* context = nullptr;  // of the request at work
    bool isSignalled = false;           // the coroutine was told

    MessageId request TEMPEH_GUARDED_BY(hubLocked) = 0;  // 0: idle
    TimePoint deadline TEMPEH_GUARDED_BY(hubLocked) = TimePoint::max();
    Stop stop TEMPEH_GUARDED_BY(hubLocked) = Stop::None;
};

using WorkerPtr = std::shared_ptr<RequestWorker>;

/// A peer whose requests a Router handles. Workers take turns: one receives, hands the turn on, and then
/// handles what it received. There are as many as were ever needed at one time, within the router's limit; so
/// in steady state no coroutine is made for a request but the handler's own. The supervisor, which is the
/// server's handler, waits for what ends requests early. Everything runs on one executor.
class RoutedPeer final : public CancelSink, public std::enable_shared_from_this<RoutedPeer> {
public:
    static asio::awaitable<void> serve(std::shared_ptr<RouterState> router, Peer peer);

    RoutedPeer(std::shared_ptr<RouterState> router, Peer peer, asio::any_io_executor executor);
    RoutedPeer(const RoutedPeer&) = delete;
    RoutedPeer& operator=(const RoutedPeer&) = delete;
    ~RoutedPeer() = default;

    const Peer& peer() const noexcept { return peer_; }
    const std::string& address() const noexcept { return address_; }
    RouterState& router() const noexcept { return *router_; }
    const TimeSource& time() const noexcept { return state_->hub().time(); }
    /// Called by the request at work: the worker is stopped then, if that is before its deadline.
    void limitTime(RequestWorker& worker, TimePoint deadline) noexcept TEMPEH_EXCLUDES(hubLocked);

    void onCancel(MessageId request, WokenList& woken) noexcept override TEMPEH_REQUIRES(hubLocked);

private:
    class AtWork;
    class Share;
    class SupervisorWait;
    class TurnWait;

    static asio::awaitable<void> work(Share share);
    void addWorker();
    static void stop(RequestWorker& worker) noexcept;
    void leave(const RequestWorker& worker) noexcept TEMPEH_EXCLUDES(hubLocked);
    /// Stops the workers whose requests must end now.
    void stopDue() noexcept TEMPEH_EXCLUDES(hubLocked);
    /// Stops every worker at work; `idle`: and those that wait.
    void stopAll(bool idle) noexcept TEMPEH_EXCLUDES(hubLocked);
    WorkerPtr takeDue(TimePoint now) noexcept TEMPEH_REQUIRES(hubLocked);
    TimePoint arm() noexcept TEMPEH_EXCLUDES(hubLocked);
    void tellSupervisor(WokenList& woken) noexcept TEMPEH_REQUIRES(hubLocked);

    bool takeTurn(const WorkerPtr& worker) noexcept {
        if (std::exchange(isReceiving_, true)) return false;
        receiver_ = worker;
        return true;
    }
    void handOnTurn();
    void endReceiving(std::exception_ptr failure) noexcept TEMPEH_EXCLUDES(hubLocked);
    /// A message that is there. Null: there is none.
    MessagePtr takeReady(error_code& ec) noexcept;
    /// False: it is no request, or its asker has given up; then it is dealt with.
    bool isForHandler(MessagePtr& message);
    bool wasWithdrawn(MessageId request) noexcept TEMPEH_EXCLUDES(hubLocked);
    /// The answer to send; null for none.
    MessagePtr conclude(RequestContext& context, const std::exception_ptr& failure, RequestWorker::Stop stop);
    void noteFailure(const RequestContext& context, const std::exception_ptr& failure) noexcept;

    const std::shared_ptr<RouterState> router_;
    const Peer peer_;
    const PeerPtr state_;
    const asio::any_io_executor executor_;
    const std::string address_;
    const std::size_t limit_;

    // The executor's.
    bool isReceiving_ = false;
    std::weak_ptr<RequestWorker> receiver_;  // who does
    bool isOver_ = false;                    // nothing more is received
    bool isSuccessorWoken_ = false;          // a worker is about to take the turn
    std::exception_ptr failure_;             // why receiving ended, if that is no ordinary end

    std::vector<WorkerPtr> workers_ TEMPEH_GUARDED_BY(hubLocked);
    WaitList idle_ TEMPEH_GUARDED_BY(hubLocked);
    /// Requests that were cancelled before they were received.
    std::unordered_set<MessageId> withdrawn_ TEMPEH_GUARDED_BY(hubLocked);
    Wait* supervisor_ TEMPEH_GUARDED_BY(hubLocked) = nullptr;
    TimePoint armedFor_ TEMPEH_GUARDED_BY(hubLocked) = TimePoint::max();
    bool hasNews_ TEMPEH_GUARDED_BY(hubLocked) = false;  // for the supervisor
};

}  // namespace tempeh::flows::detail

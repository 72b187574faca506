#include "flows/hub/engine_probe.hpp"
#include "flows/hub/thread_sleeper.hpp"
#include "flows/options_check.hpp"
#include "flows/peer/connecting.hpp"
#include "flows/peer/error_detail.hpp"
#include "flows/peer/peer_access.hpp"
#include "flows/peer/peer_operations.hpp"
#include "flows/peer/peer_waits.hpp"
#include "flows/peer/request_steps.hpp"
#include "flows/peer/time_left.hpp"

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/core/blocking_channel_group.hpp>
#include <tempeh/flows/blocking_peer.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <optional>

namespace tempeh::flows {

namespace {

using detail::PeerAccess;

void sleepUntilOver(detail::Hub& hub, detail::Wait& wait, TimePoint deadline) {
    if (!hub.mayBlock()) throw detail::blocksEngine();
    detail::ThreadSleeper sleeper;
    sleeper.sleep(hub, wait, deadline);
}

/// Waits for room in the send queue. False: the deadline passed first. Throws Error.
bool roomFor(detail::PeerState& peer, TimePoint deadline) {
    error_code ec;
    const Duration left = peer.hub().time().until(deadline);
    const bool hasRoom = peer.group().blocking().waitWritable(peer.channel(), left, ec);
    if (ec == Status::InvalidChannelNumber) ec = Status::ChannelClosed;
    if (ec) throw peer.errorFor(ec);
    return hasRoom;
}

/// False: the deadline passed first, and the message is still there.
bool post(detail::PeerState& peer, MessagePtr& message, TimePoint deadline) {
    for (;;) {
        const error_code ec = peer.post(message);
        if (!ec) return true;
        if (ec != Status::SendQueueFull) throw peer.errorFor(ec);
        if (!roomFor(peer, deadline)) return false;
    }
}

std::string closingInVain(detail::PeerState& peer) {
    return "closing channel " + std::to_string(peer.channel()) + ": " + std::string(detail::engineIsSilent);
}

/// How connecting went, from the coroutine to the thread. Errors travel as codes, because a thread that reads
/// an exception of another shares its reference count.
struct Outcome {
    base::Mutex mutex;
    std::condition_variable changed;
    bool isDone TEMPEH_GUARDED_BY(mutex) = false;
    detail::PeerPtr peer;
    error_code ec;
    std::string detail;
    std::shared_ptr<const Message> refusal;
};

/// Reports the end, however the coroutine ends.
class OutcomeGuard {
public:
    explicit OutcomeGuard(std::shared_ptr<Outcome> outcome) noexcept : outcome_(std::move(outcome)) {}
    OutcomeGuard(OutcomeGuard&&) noexcept = default;
    OutcomeGuard& operator=(OutcomeGuard&&) = delete;
    ~OutcomeGuard() {
        if (outcome_ == nullptr) return;
        const base::MutexLock lock(outcome_->mutex);
        outcome_->isDone = true;
        outcome_->changed.notify_all();
    }
    Outcome& operator*() const noexcept { return *outcome_; }

private:
    std::shared_ptr<Outcome> outcome_;
};

asio::awaitable<void> connectInto(OutcomeGuard guard, detail::HubPtr hub, detail::HelloTemplate hello,
                                  ConnectOptions options) {
    Outcome& outcome = *guard;
    outcome.ec = Status::ShutdownStarted;
    try {
        outcome.peer = co_await detail::connectPeer(std::move(hub), std::move(hello), options);
        outcome.ec.clear();
    } catch (const Refused& error) {
        outcome.refusal = error.sharedResponse();
    } catch (const Error& error) {
        outcome.ec = error.code();
        outcome.detail = detail::detailOf(error);
    }
}

/// The coroutine watches the time. If nothing runs it, this thread does, a little more generously.
void awaitOutcome(Outcome& outcome, TimePoint deadline, const std::string& server) {
    constexpr Duration more = std::chrono::milliseconds(500);
    base::WaitableLock lock(outcome.mutex);
    const auto isDone = [&outcome]() TEMPEH_REQUIRES(outcome.mutex) { return outcome.isDone; };
    const bool isForEver = deadline >= TimePoint::max() - more;
    const TimePoint until = isForEver ? TimePoint::max() : std::max(deadline, TimePoint()) + more;
    if (!lock.waitUntil(outcome.changed, until, isDone))
        throw Error(make_error_code(Status::ConnectFailed),
                    server + ": timed out, " + std::string(detail::engineIsSilent));
}

BlockingPeer connectAndWait(Ampe& engine, std::span<const Address> addresses, ConnectOptions options) {
    detail::check(options);
    detail::HelloTemplate hello(addresses, options);
    const std::string server = hello.allAddresses();
    options.headers = {};
    options.body = {};
    detail::HubPtr hub = detail::Hub::create(engine);
    if (!hub->mayBlock()) throw detail::blocksEngine();
    const TimePoint deadline = hub->time().after(options.timeout);
    const auto outcome = std::make_shared<Outcome>();
    const asio::any_io_executor executor = hub->group().executor();
    asio::co_spawn(executor, connectInto(OutcomeGuard(outcome), std::move(hub), std::move(hello), options),
                   asio::detached);
    awaitOutcome(*outcome, deadline, server);
    if (outcome->refusal != nullptr) throw Refused(server, outcome->refusal);
    if (outcome->ec) throw Error(outcome->ec, outcome->detail);
    return BlockingPeer(PeerAccess::make(std::move(outcome->peer)));
}

}  // namespace

void BlockingPeer::send(MessagePtr message) const {
    detail::PeerState::checkSendable(message);
    if (message != nullptr) PeerAccess::mark(peer_, *message);
    post(*PeerAccess::state(peer_), message, TimePoint::max());
}

bool BlockingPeer::send(MessagePtr message, Timeout timeout) const {
    detail::PeerState::checkSendable(message);
    if (message != nullptr) PeerAccess::mark(peer_, *message);
    const detail::PeerPtr peer = PeerAccess::state(peer_);
    return post(*peer, message, peer->hub().time().after(timeout));
}

MessagePtr BlockingPeer::receive(Timeout timeout) const {
    const detail::PeerPtr peer = PeerAccess::state(peer_);
    error_code ec;
    MessagePtr ready = peer->inbox.tryReceive(peer->hub(), ec);
    if (ec) throw peer->errorFor(ec);
    if (ready != nullptr) peer->onReceived(*ready);
    if (ready != nullptr) return ready;
    detail::ReceiveWait wait(peer->inbox);
    const TimePoint deadline = peer->hub().time().after(timeout);
    do {
        sleepUntilOver(peer->hub(), wait, deadline);
    } while (wait.foundNothing());
    if (wait.ec) throw peer->errorFor(wait.ec);
    if (wait.message != nullptr) peer->onReceived(*wait.message);
    return std::move(wait.message);
}

MessagePtr BlockingPeer::request(MessagePtr message, Timeout timeout, const SignalHandler& onSignal) const {
    using Step = detail::RequestSteps::Step;
    const detail::PeerPtr peer = PeerAccess::state(peer_);
    if (message != nullptr) PeerAccess::mark(peer_, *message);
    std::optional<detail::Withdrawal> withdrawal;
    if (PeerAccess::isTimed(peer_)) {
        timeout = PeerAccess::limited(peer_, timeout);
        withdrawal.emplace(peer, detail::beginTimed(*peer, message, timeout));
    }
    detail::RequestSteps steps(*peer, std::move(message), timeout, onSignal);
    if (!peer->hub().mayBlock()) throw detail::blocksEngine();
    Step step = steps.begin();
    while (step != Step::Done) {
        if (step == Step::AwaitAnswer) {
            sleepUntilOver(peer->hub(), steps.wait(), steps.deadline());
            step = steps.onSettled();
        } else {
            step = steps.onRoom(roomFor(*peer, steps.deadline()));
        }
    }
    MessagePtr answer = steps.finish();
    if (withdrawal && answer != nullptr) withdrawal->setAnswered();
    return answer;
}

void BlockingPeer::respond(MessagePtr request) const {
    if (request == nullptr) throw Error(Status::NullMessage);
    detail::requireFrom(*PeerAccess::state(peer_), *request);
    detail::turnIntoAnswer(*request);
    send(std::move(request));
}

void BlockingPeer::respond(MessagePtr request, std::string_view body, std::uint8_t status) const {
    if (request == nullptr) throw Error(Status::NullMessage);
    detail::requireFrom(*PeerAccess::state(peer_), *request);
    detail::turnIntoAnswer(*request, body, status);
    send(std::move(request));
}

MessagePtr BlockingPeer::close(MessagePtr bye) const {
    const detail::PeerPtr peer = PeerAccess::state(peer_);
    if (bye != nullptr) PeerAccess::mark(peer_, *bye);
    peer->sayBye(std::move(bye));
    detail::Hub& hub = peer->hub();
    for (detail::EngineProbe probe(hub.group().executor());;) {
        detail::CloseWait wait(*peer);
        sleepUntilOver(hub, wait, hub.time().after(detail::EngineProbe::interval));
        if (!wait.hasTimedOut() || peer->hasEnded()) return std::move(wait.farewell);
        if (!probe.isAlive()) throw Error(make_error_code(Status::CommunicationFailed), closingInVain(*peer));
    }
}

BlockingPeer connectBlocking(Ampe& engine, const Address& address, ConnectOptions options) {
    return connectAndWait(engine, std::span<const Address>(&address, 1), options);
}

BlockingPeer connectBlocking(Ampe& engine, std::string_view address, ConnectOptions options) {
    return connectBlocking(engine, parseClientAddress(address), options);
}

BlockingPeer connectBlocking(Ampe& engine, const Endpoints& addresses, ConnectOptions options) {
    return connectAndWait(engine, addresses.addresses(), options);
}

}  // namespace tempeh::flows

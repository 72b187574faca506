#include "flows/hub/suspension.hpp"
#include "flows/options_check.hpp"
#include "flows/peer/error_detail.hpp"
#include "flows/peer/heartbeat_signals.hpp"
#include "flows/peer/heartbeat_state.hpp"
#include "flows/peer/peer_access.hpp"

#include <tempeh/flows/heartbeat.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <utility>

namespace tempeh::flows {

namespace detail {

/// Waits for the next look at the peer, or for the end.
class HeartbeatState::TickWait final : public SleepWait {
public:
    TickWait(HeartbeatState& state, Hub& hub) noexcept : SleepWait(hub), state_(state) {}
    bool enter() noexcept override TEMPEH_REQUIRES(hubLocked) {
        state_.tick_ = this;
        const bool hasEnded = SleepWait::enter();
        return hasEnded || state_.isStopped_;
    }
    void settle() noexcept override TEMPEH_REQUIRES(hubLocked) {
        state_.tick_ = nullptr;
        SleepWait::settle();
    }

private:
    HeartbeatState& state_;
};

HeartbeatState::HeartbeatState(const PeerPtr& peer, HeartbeatOptions options, SilenceHook onSilent)
    : peer_(peer), hub_(peer->hubPtr()), options_(options), onSilent_(std::move(onSilent)) {}

asio::awaitable<void> HeartbeatState::run(HeartbeatPtr self, HubPtr hub) {
    const TimeSource& time = hub->time();
    HeartbeatMachine machine(self->options_, time.now());
    TimePoint next = TimePoint::min();
    while (self->tick(machine, time.now(), next)) {
        TickWait wait(*self, *hub);
        Suspension suspension(*hub, wait, co_await asio::this_coro::executor);
        auto ticked = suspension.until(next);
        co_await std::move(ticked);
        const HubLock lock(*hub);
        if (wait.ec || self->isStopped_ || hub->hasEnded()) co_return;
    }
}

bool HeartbeatState::tick(HeartbeatMachine& machine, TimePoint now, TimePoint& next) {
    const PeerPtr peer = peer_.lock();
    if (peer == nullptr || peer->hasEnded()) return false;
    std::uint64_t received = 0;
    bool isAnswered = false;
    {
        const HubLock lock(peer->hub());
        received = peer->counts.received;
        isAnswered = peer->answersPings();
    }
    {
        const base::MutexLock lock(counting_);
        counts_.isAnswered = isAnswered;
    }
    if (options_.interval > Duration::zero() && !isAnswered) return false;  // its silence means nothing
    const HeartbeatMachine::Step step = machine.onLook(now, received);
    if (step.asksPeer) ping(peer);
    if (step.asksReading && machine.onSilence(peer->info().readingFor)) tellSilence(peer);
    next = step.next;
    return next != TimePoint::max();
}

void HeartbeatState::ping(const PeerPtr& peer) {
    MessagePtr signal = peer->hub().newMessage(OpCode::Signal);
    signal->textHeaders.append(heartbeatHeader, heartbeatPing);
    if (peer->post(signal)) return;  // a full queue is sign of life enough
    count(&HeartbeatCounters::sent);
}

void HeartbeatState::tellSilence(const PeerPtr& peer) {
    count(&HeartbeatCounters::silences);
    if (onSilent_ != nullptr)
        onSilent_(PeerAccess::make(peer));
    else
        peer->abort();
}

void HeartbeatState::stop() noexcept {
    const HubPtr hub = hub_.lock();
    if (hub == nullptr) return;
    WokenList woken;
    {
        const HubLock lock(*hub);
        isStopped_ = true;
        if (tick_ != nullptr) hub->wake(*tick_, woken);
    }
    woken.wakeAll(false);
}

void HeartbeatState::count(std::uint64_t HeartbeatCounters::*counter) noexcept {
    const base::MutexLock lock(counting_);
    ++(counts_.*counter);
}

HeartbeatCounters HeartbeatState::counters() {
    const base::MutexLock lock(counting_);
    return counts_;
}

namespace {

HeartbeatOptions inRange(HeartbeatOptions options) {
    check(options);
    return options;
}

}  // namespace

}  // namespace detail

Heartbeat::Heartbeat(const Peer& peer, HeartbeatOptions options, SilenceHook onSilent)
    : state_(std::make_shared<detail::HeartbeatState>(detail::PeerAccess::state(peer),
                                                      detail::inRange(options), std::move(onSilent))) {
    const detail::HubPtr& hub = detail::PeerAccess::state(peer)->hubPtr();
    asio::co_spawn(hub->group().executor(), detail::HeartbeatState::run(state_, hub), asio::detached);
}

Heartbeat::Heartbeat(Heartbeat&&) noexcept = default;

Heartbeat& Heartbeat::operator=(Heartbeat&& other) noexcept {
    if (this == &other) return *this;
    if (state_ != nullptr) state_->stop();
    state_ = std::move(other.state_);
    return *this;
}

Heartbeat::~Heartbeat() {
    if (state_ != nullptr) state_->stop();
}

HeartbeatCounters Heartbeat::counters() const {
    if (state_ == nullptr) throw detail::emptyHandle("Heartbeat");
    return state_->counters();
}

}  // namespace tempeh::flows

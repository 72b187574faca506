#include "flows/hub/suspension.hpp"
#include "flows/options_check.hpp"
#include "flows/peer/heartbeat_signals.hpp"
#include "flows/peer/heartbeat_state.hpp"

#include <tempeh/flows/heartbeat.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <utility>

namespace tempeh::flows {

namespace detail {

/// The next look at the peer, or the end.
class HeartbeatState::TickWait final : public SleepWait {
public:
    TickWait(HeartbeatState& state, Hub& hub) noexcept : SleepWait(hub), state_(state) {}
    bool enter() noexcept override {
        state_.tick_ = this;
        const bool hasEnded = SleepWait::enter();
        return hasEnded || state_.isStopped_;
    }
    void settle() noexcept override {
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
    self->lastHeard_ = self->nextPing_ = self->due_ = time.now();
    TimePoint next = TimePoint::min();
    while (self->tick(time.now(), next)) {
        TickWait wait(*self, *hub);
        Suspension suspension(*hub, wait, co_await asio::this_coro::executor);
        auto ticked = suspension.until(next);
        co_await std::move(ticked);
        const std::scoped_lock lock(hub->mutex());
        if (wait.ec || self->isStopped_ || hub->hasEnded()) co_return;
    }
}

bool HeartbeatState::tick(TimePoint now, TimePoint& next) {
    const PeerPtr peer = peer_.lock();
    if (peer == nullptr || peer->hasEnded()) return false;
    next = TimePoint::max();
    const bool asks = options_.interval > Duration::zero();
    {
        const std::scoped_lock lock(peer->hub().mutex());
        counts_.isAnswered = peer->answersPings();
        if (asks && !counts_.isAnswered) return false;  // its silence means nothing
    }
    if (asks) {
        if (nextPing_ <= now) {
            ping(peer);
            nextPing_ = peer->hub().time().after(options_.interval);
        }
        next = nextPing_;
    }
    if (options_.silence > Duration::zero()) {
        watch(peer, now);
        const auto look = std::max<Duration>(options_.silence / 4, std::chrono::milliseconds(1));
        next = std::min(next, peer->hub().time().after(look));
    }
    due_ = next;
    return next != TimePoint::max();
}

void HeartbeatState::ping(const PeerPtr& peer) {
    MessagePtr signal = peer->hub().engine().get();
    signal->header.opCode = OpCode::Signal;
    signal->textHeaders.append(heartbeatHeader, heartbeatPing);
    if (peer->post(signal)) return;  // a full queue is a sign of life enough
    const std::scoped_lock lock(peer->hub().mutex());
    ++counts_.sent;
}

/// Not while this side does not read, nor as soon as it does again. When the look itself is late, this
/// process may have stood still: then what came meanwhile is read first.
bool HeartbeatState::isBlamed(PeerState& peer, TimePoint now) {
    const bool isLate = now - due_ > options_.silence / 8;
    if (isLate && !std::exchange(isSuspected_, true)) return false;
    return peer.info().readingFor >= options_.silence;
}

void HeartbeatState::watch(const PeerPtr& peer, TimePoint now) {
    const std::uint64_t heard = peer->counters().received;
    if (heard != heard_) {
        heard_ = heard;
        lastHeard_ = now;
        isSilent_ = isSuspected_ = false;
    }
    if (isSilent_ || now - lastHeard_ < options_.silence || !isBlamed(*peer, now)) return;
    isSilent_ = true;
    {
        const std::scoped_lock lock(peer->hub().mutex());
        ++counts_.silences;
    }
    if (onSilent_ != nullptr)
        onSilent_(Peer(peer));
    else
        peer->abort();
}

void HeartbeatState::stop() noexcept {
    const HubPtr hub = hub_.lock();
    if (hub == nullptr) return;
    WokenList woken;
    {
        const std::scoped_lock lock(hub->mutex());
        isStopped_ = true;
        if (tick_ != nullptr) hub->wake(*tick_, woken);
    }
    woken.wakeAll(false);
}

HeartbeatCounters HeartbeatState::counters() {
    const HubPtr hub = hub_.lock();
    if (hub == nullptr) return counts_;  // nobody writes any more
    const std::scoped_lock lock(hub->mutex());
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
    : state_(std::make_shared<detail::HeartbeatState>(peer.state(), detail::inRange(options),
                                                      std::move(onSilent))) {
    const detail::HubPtr& hub = peer.state()->hubPtr();
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
    return state_->counters();
}

}  // namespace tempeh::flows

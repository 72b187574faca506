#pragma once

#include "flows/peer/peer_state.hpp"

#include <tempeh/flows/heartbeat.hpp>

#include <memory>

namespace tempeh::flows::detail {

class HeartbeatState;
using HeartbeatPtr = std::shared_ptr<HeartbeatState>;

/// The coroutine of a Heartbeat and what it shares with the handle.
class HeartbeatState final {
public:
    HeartbeatState(const PeerPtr& peer, HeartbeatOptions options, SilenceHook onSilent);

    /// Runs until stopped or the channel has ended.
    static asio::awaitable<void> run(HeartbeatPtr self, HubPtr hub);
    void stop() noexcept;
    HeartbeatCounters counters();

private:
    class TickWait;

    /// Looks at the peer; what is due next. False: it has ended.
    bool tick(TimePoint now, TimePoint& next);
    void ping(const PeerPtr& peer);
    void watch(const PeerPtr& peer, TimePoint now);
    bool isBlamed(PeerState& peer, TimePoint now);

    const std::weak_ptr<PeerState> peer_;
    const std::weak_ptr<Hub> hub_;
    const HeartbeatOptions options_;
    const SilenceHook onSilent_;

    // The coroutine's.
    TimePoint nextPing_;
    TimePoint lastHeard_;
    std::uint64_t heard_ = 0;
    bool isSilent_ = false;
    bool isSuspected_ = false;  // nothing was heard when it was looked at late
    TimePoint due_;             // the next look

    // Under the hub's lock.
    Wait* tick_ = nullptr;
    bool isStopped_ = false;
    HeartbeatCounters counts_;
};

}  // namespace tempeh::flows::detail

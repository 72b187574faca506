#pragma once

#include "flows/peer/heartbeat_machine.hpp"
#include "flows/peer/peer_state.hpp"

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/flows/heartbeat.hpp>

#include <cstdint>
#include <memory>

namespace tempeh::flows::detail {

class HeartbeatState;
using HeartbeatPtr = std::shared_ptr<HeartbeatState>;

/// The coroutine of a Heartbeat, and what it shares with the handle.
class HeartbeatState final {
public:
    HeartbeatState(const PeerPtr& peer, HeartbeatOptions options, SilenceHook onSilent);

    /// Runs until stopped or until the channel has ended.
    static asio::awaitable<void> run(HeartbeatPtr self, HubPtr hub);
    void stop() noexcept;
    HeartbeatCounters counters();

private:
    class TickWait;

    /// Looks at the peer, and sets when to look next. False: it has ended.
    bool tick(HeartbeatMachine& machine, TimePoint now, TimePoint& next);
    void ping(const PeerPtr& peer);
    void tellSilence(const PeerPtr& peer);

    const std::weak_ptr<PeerState> peer_;
    const std::weak_ptr<Hub> hub_;
    const HeartbeatOptions options_;
    const SilenceHook onSilent_;

    void count(std::uint64_t HeartbeatCounters::*counter) noexcept TEMPEH_EXCLUDES(counting_);

    Wait* tick_ TEMPEH_GUARDED_BY(hubLocked) = nullptr;
    bool isStopped_ TEMPEH_GUARDED_BY(hubLocked) = false;
    base::Mutex counting_;  // a lock of its own: the counters outlive the hub
    HeartbeatCounters counts_ TEMPEH_GUARDED_BY(counting_);
};

}  // namespace tempeh::flows::detail

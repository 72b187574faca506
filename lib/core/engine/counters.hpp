#pragma once

#include "base/counter.hpp"

#include <tempeh/core/stats.hpp>

#include <array>

namespace tempeh::core {

/// Messages and bytes sent directly by threads other than the reactor's.
struct DirectCounter {
    base::SharedCounter messages;
    base::SharedCounter bytes;

    void add(std::uint64_t byteCount) noexcept {
        messages.add();
        bytes.add(byteCount);
    }
};

/// Messages and bytes in one direction; incremented on the reactor thread.
struct TrafficCounter {
    base::Counter messages;
    base::Counter bytes;

    void add(std::uint64_t messageCount, std::uint64_t byteCount) noexcept {
        messages.add(messageCount);
        bytes.add(byteCount);
    }
    TrafficStats snapshot() const noexcept { return {messages.get(), bytes.get()}; }
    TrafficStats snapshot(const DirectCounter& direct) const noexcept {
        return {messages.get() + direct.messages.get(), bytes.get() + direct.bytes.get()};
    }
};

/// Returned messages by reason. Any thread; rare.
class ReturnedCounter {
public:
    void add(Status status, std::uint64_t count = 1) noexcept {
        counts_[detail::statusIndex(status)].add(count);
    }
    ReturnedStats snapshot() const noexcept {
        ReturnedStats stats;
        for (std::size_t i = 0; i < counts_.size(); ++i)
            if (const std::uint64_t count = counts_[i].get(); count != 0)
                stats.add(detail::statusAt(i), count);
        return stats;
    }

private:
    std::array<base::SharedCounter, detail::statusCount> counts_;
};

/// A channel's counters. Reactor thread.
struct ChannelCounters {
    TrafficCounter sent;
    TrafficCounter received;
    base::Counter reads;
    base::Counter writes;
    base::Counter poolPauses;
    base::SharedCounter returned;  // all for one reason, the Snapshot's lateStatus; any thread

    ChannelStats snapshot() const noexcept {
        return {sent.snapshot(), received.snapshot(), reads.get(), writes.get(), poolPauses.get()};
    }
};

/// An engine's counters, except those of its pool. Reactor thread, except for the shared ones.
struct EngineCounters {
    TrafficCounter sent;
    DirectCounter sentDirectly;
    TrafficCounter received;
    base::Counter reads;
    base::Counter writes;
    base::SharedCounter reactorWakes;
    base::SharedCounter receiverWakes;
    base::Counter connected;
    base::Counter accepted;
    base::Counter acceptFailures;
    base::Counter violations;
    base::Counter helloTimeouts;
    base::Counter refusedByListener;
    base::Counter refusedByPeer;
    base::Counter droppedHandshakes;
    base::Counter frameTimeouts;
    base::Counter writeTimeouts;
    ReturnedCounter returned;
};

}  // namespace tempeh::core

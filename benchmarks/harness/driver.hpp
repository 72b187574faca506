#pragma once

#include "content.hpp"
#include "counters.hpp"
#include "meter.hpp"
#include "options.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bench {

/// The client's half, without I/O: writes every message, checks every reply, knows when the run is over.
/// A lane is one connection. One thread at a time.
///
/// A run: probe every lane and wait for the replies; `begin`; the workload; `last` on lane 0; `finish` with
/// the reply.
/// - latency, pipeline, fan-in, setup: `mayStart` and `next` fill the window, then each `reply` that returns
/// true
///   allows one more `next` on its lane, until `finished`.
/// - throughput: `next` while `mayStart`; nothing comes back before the summary.
/// - open: `next` when `isDue`; the wait in between lasts until `dueNs`. Replies as above, until `finished`.
/// - setup with several connections at a time: `connecting`, `next` on each, `reply` of each, close all.
///
/// Rates of round trips are taken between two turns of the whole window: as many replies as are in flight
/// come first (they only fill the pipe), and the end lies at the same place of the cycle. What is drained
/// afterwards would count as delivered in no time.
class Driver {
public:
    explicit Driver(const Options& options)
        : options_(options)
        , lanes_(options.connections)
        , limit_(options.count > 0 ? options.count : ~0ULL)
        , timed_(options.workload == Workload::Latency || options.workload == Workload::Setup ||
                 options.workload == Workload::Open)
        , turn_(std::uint64_t{activeLanes()} * window())
        , untilTurn_(turn_)
        , steady_(options)
        , memoryAtStart_(anonymousMemory()) {}

    const Options& options() const { return options_; }
    /// Lanes the workload sends on once all are open: one but for fan-in. Setup: connections at a time.
    std::uint32_t activeLanes() const {
        const bool isMany = options_.workload == Workload::FanIn || options_.workload == Workload::Setup;
        return isMany ? options_.connections : 1;
    }
    /// Messages in flight per active lane.
    std::uint32_t window() const { return options_.workload == Workload::Pipeline ? options_.inflight : 1; }

    void probe(std::uint32_t lane, std::byte* body) const {
        writeContent(body, options_.size, Tag::make(lane, 0, Tag::kProbe));
    }
    void probeReply(std::uint32_t lane, const std::byte* body, std::size_t size) const {
        const Tag tag = readContent(body, size, options_.size);
        if (!tag.isProbe() || tag.lane() != lane) fail("a probe came back changed");
    }

    /// All connections are open; the workload starts.
    void begin() {
        startNs_ = nowNs();
        startCpuNs_ = cpuNs();
        if (options_.workload == Workload::Throughput) sendUntilNs_ = deadlineFrom(startNs_);
    }

    /// Whether another message may be sent; looks at the clock now and then.
    bool mayStart() {
        if (stopped_ || started_ >= limit_) return false;
        if ((started_ & kClockMask) == kClockMask) [[unlikely]]
            lookAtClock();
        return !stopped_;
    }

    /// When the n-th message of the open workload is due.
    std::uint64_t dueAt(std::uint64_t n) const {
        return startNs_ + static_cast<std::uint64_t>(static_cast<double>(n) * 1e9 / options_.rate);
    }
    /// Open: when the next message is due; never once all have left.
    std::uint64_t dueNs() const { return started_ < limit_ ? dueAt(started_) : ~0ULL; }
    bool isDue() const { return started_ < limit_ && nowNs() >= dueNs(); }

    /// Writes the next message of the lane.
    void next(std::uint32_t lane, std::byte* body) {
        Lane& state = laneAt(lane);
        writeContent(body, options_.size, Tag::make(lane, state.sent));
        ++state.sent;
        ++started_;
        if (timed_) state.sentAtNs = nowNs();
    }

    /// Setup: the clock starts before the connect, `next` then only writes.
    void connecting() { connectingAtNs_ = nowNs(); }

    /// Checks a reply; true: send another on this lane.
    bool reply(std::uint32_t lane, const std::byte* body, std::size_t size) {
        const Tag tag = readContent(body, size, options_.size);
        Lane& state = laneAt(lane);
        if (tag.lane() != lane || tag.sequence() != state.received) [[unlikely]] {
            fail("connection " + std::to_string(lane) + ": reply " + std::to_string(tag.sequence()) +
                 " instead of " + std::to_string(state.received));
        }
        ++state.received;
        ++received_;
        if (timed_) record(state);
        if (--untilTurn_ == 0) onTurn();
        if (received_ == limit_) [[unlikely]]
            endOfMeasure(nowNs());
        return !stopped_ && started_ < limit_;
    }

    /// Everything that was sent has been answered and nothing more may be sent.
    bool finished() const { return received_ == started_ && (stopped_ || started_ >= limit_); }

    /// The message that ends the run.
    void last(std::byte* body) {
        writeContent(body, options_.size, Tag::make(lastLane(), laneAt(lastLane()).sent, Tag::kLast));
    }

    /// Takes the server's summary and prints the line of results.
    void finish(const std::byte* body, std::size_t size) {
        if (size != kSummarySize) fail("the server's summary has the wrong size");
        Summary server;
        std::memcpy(&server, body, sizeof server);
        print(server, cpuNs() - startCpuNs_);
    }

private:
    struct Lane {
        std::uint64_t sent = 0;
        std::uint64_t received = 0;
        std::uint64_t sentAtNs = 0;
    };
    /// How seldom a one-way sender reads the clock: every 16 messages.
    static constexpr std::uint64_t kClockMask = 15;
    /// Whole turns of the window that a rate is taken over, at least.
    static constexpr std::uint64_t kMinTurns = 5;

    Lane& laneAt(std::uint32_t lane) {
        if (lane >= lanes_.size()) [[unlikely]]
            lanes_.resize(lane * 2U + 1U);
        return lanes_[lane];
    }
    /// Setup ends on a connection of its own, the others on the first.
    std::uint32_t lastLane() const {
        return options_.workload == Workload::Setup ? static_cast<std::uint32_t>(started_) : 0;
    }

    std::uint64_t deadlineFrom(std::uint64_t ns) const {
        return options_.seconds > 0 ? ns + static_cast<std::uint64_t>(options_.seconds * 1e9) : ~0ULL;
    }

    void lookAtClock() {
        const std::uint64_t now = nowNs();
        if (options_.workload == Workload::Throughput) steady_.observe(now, started_);
        if (now < sendUntilNs_) return;
        stopped_ = true;
        steady_.close(started_);
    }

    void record(const Lane& state) {
        const std::uint64_t now = nowNs();
        if (options_.workload == Workload::Open) {
            if (const std::uint64_t n = state.received - 1; n >= limit_ / 10) rtt_.record(now - dueAt(n));
            return;
        }
        if (now < warmUntilNs_) return;
        rtt_.record(now - (options_.workload == Workload::Setup ? connectingAtNs_ : state.sentAtNs));
    }

    void onTurn() {
        untilTurn_ = turn_;
        if (stopped_) return;
        const std::uint64_t now = nowNs();
        steady_.observe(now, received_);
        if (firstNs_ == 0) {
            firstNs_ = now;
            firstReceived_ = received_;
            deadlineNs_ = deadlineFrom(now);
            if (options_.seconds > 0) warmUntilNs_ = now + static_cast<std::uint64_t>(options_.seconds * 1e8);
        } else if (now >= deadlineNs_ && received_ - firstReceived_ >= kMinTurns * turn_) {
            stopped_ = true;
            endOfMeasure(now);
        }
    }

    void endOfMeasure(std::uint64_t now) {
        if (lastNs_ != 0) return;
        steady_.close(received_);
        lastNs_ = now;
        lastReceived_ = received_;
        if (firstNs_ == 0 || lastReceived_ == firstReceived_) {  // fewer messages than fit into the window
            firstNs_ = startNs_;
            firstReceived_ = 0;
        }
    }

    void print(const Summary& server, std::uint64_t clientCpuNs) const {
        const bool oneWay = options_.workload == Workload::Throughput;
        const std::uint64_t messages = oneWay ? started_ + 1 : received_;  // the last one counts one way
        if (oneWay && server.messages != messages) fail("the server counted another number of messages");
        const std::uint64_t elapsed = oneWay ? server.elapsedNs : lastNs_ - firstNs_;
        const std::uint64_t measured = oneWay ? messages - 1 : lastReceived_ - firstReceived_;
        const double rate =
            elapsed > 0 ? static_cast<double>(measured) * 1e9 / static_cast<double>(elapsed) : 0;
        const auto perMessage = [&](std::uint64_t ns) {
            return messages > 0 ? static_cast<double>(ns) / static_cast<double>(messages) : 0.0;
        };
        const std::uint64_t memory = anonymousMemory();
        nlohmann::json line{{"role", "client"},
                            {"peer", options_.peer},
                            {"mode", options_.mode},
                            {"workload", options_.workloadName()},
                            {"transport", options_.address.transport()},
                            {"size", options_.size},
                            {"inflight", window()},
                            {"connections", options_.connections},
                            {"spinUs", options_.spinUs},
                            {"messages", messages},
                            {"seconds", static_cast<double>(elapsed) / 1e9},
                            {"messagesPerSecond", rate},
                            {"bytesPerSecond", rate * static_cast<double>(options_.size)},
                            {"clientCpuNsPerMessage", perMessage(clientCpuNs)},
                            {"serverCpuNsPerMessage", perMessage(server.cpuNs)},
                            {"clientMemoryBytes", memory > memoryAtStart_ ? memory - memoryAtStart_ : 0},
                            {"serverMemoryBytes", server.memoryBytes},
                            {"checks", "ok"}};
        steady_.report(line);
        if (timed_) {
            line["rttP50Ns"] = rtt_.quantile(0.5);
            line["rttP99Ns"] = rtt_.quantile(0.99);
            line["rttP999Ns"] = rtt_.quantile(0.999);
            line["rttMaxNs"] = rtt_.max();
        }
        std::printf("%s\n", line.dump().c_str());
        std::fflush(stdout);
    }

    const Options options_;
    std::vector<Lane> lanes_;
    const std::uint64_t limit_;
    const bool
        timed_;  ///< a clock read per message is small against a round trip, large against a streamed message
    const std::uint64_t turn_;  ///< messages in flight over all lanes
    std::uint64_t untilTurn_;
    bool stopped_ = false;
    std::uint64_t started_ = 0;
    std::uint64_t received_ = 0;
    std::uint64_t startNs_ = 0;
    std::uint64_t startCpuNs_ = 0;
    std::uint64_t sendUntilNs_ = ~0ULL;  ///< throughput: when to stop sending
    std::uint64_t deadlineNs_ = ~0ULL;   ///< round trips: when to stop measuring
    std::uint64_t warmUntilNs_ = 0;      ///< round trips before it are not recorded
    std::uint64_t firstNs_ = 0;
    std::uint64_t firstReceived_ = 0;
    std::uint64_t lastNs_ = 0;
    std::uint64_t lastReceived_ = 0;
    std::uint64_t connectingAtNs_ = 0;
    SteadyState steady_;
    std::uint64_t memoryAtStart_;
    Histogram rtt_;
};

}  // namespace bench

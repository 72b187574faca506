#pragma once

#include "content.hpp"
#include "counters.hpp"
#include "meter.hpp"
#include "options.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bench {

/// What a server does with a message.
enum class Action { Absorb, Echo, Summarize };

/// The server's half, without I/O: checks every message and decides about the answer. One thread at a time.
class Responder {
public:
    explicit Responder(const Options& options)
        : options_(options)
        , expected_(options.connections, 0)
        , answer_(options.workload == Workload::Throughput ? Action::Absorb : Action::Echo)
        , steady_(options) {}

    /// Prints the line the harness waits for; call when the socket listens.
    void ready(const Address& bound) {
        memoryAtReady_ = anonymousMemory();
        std::printf("ready %s\n", bound.text().c_str());
        std::fflush(stdout);
    }

    /// Once per message received, in order per connection.
    Action onMessage(const std::byte* body, std::size_t size) {
        const Tag tag = readContent(body, size, options_.size);
        if ((tag.value & (Tag::kLast | Tag::kProbe)) != 0) [[unlikely]]
            return onSpecial(tag);
        checkOrder(tag);
        if (messages_++ == observeAt_) [[unlikely]]
            observe();
        return answer_;
    }

    /// Body of the answer to the last message.
    Summary summary() const { return summary_; }

    /// The server's own line, at exit.
    void report() const {
        const double messages = summary_.messages > 0 ? static_cast<double>(summary_.messages) : 1.0;
        nlohmann::json line{{"role", "server"},
                            {"peer", options_.peer},
                            {"mode", options_.mode},
                            {"workload", options_.workloadName()},
                            {"messages", summary_.messages},
                            {"cpuNsPerMessage", static_cast<double>(summary_.cpuNs) / messages},
                            {"memoryBytes", summary_.memoryBytes},
                            {"checks", "ok"}};
        steady_.report(line);
        std::printf("%s\n", line.dump().c_str());
        std::fflush(stdout);
    }

private:
    static constexpr std::uint64_t kObserveEvery = 64;

    void checkOrder(Tag tag) {
        const std::uint32_t lane = tag.lane();
        if (lane >= expected_.size()) [[unlikely]]
            expected_.resize(lane * 2U + 1U, 0);
        if (tag.sequence() != expected_[lane]) [[unlikely]] {
            fail("connection " + std::to_string(lane) + ": sequence " + std::to_string(tag.sequence()) +
                 " instead of " + std::to_string(expected_[lane]));
        }
        ++expected_[lane];
    }

    Action onSpecial(Tag tag) {
        if (tag.isProbe()) return Action::Echo;
        checkOrder(tag);
        steady_.close(messages_);
        if (answer_ == Action::Absorb && messages_++ == 0) begin();
        summary_ = {messages_, nowNs() - startNs_, cpuNs() - startCpuNs_, 0};
        const std::uint64_t memory = anonymousMemory();
        summary_.memoryBytes = memory > memoryAtReady_ ? memory - memoryAtReady_ : 0;
        return Action::Summarize;
    }

    /// At the first message, and when counting at every 64th.
    void observe() {
        if (messages_ == 1) begin();
        observeAt_ = steady_.active() ? messages_ + kObserveEvery : ~0ULL;
        steady_.observe(nowNs(), messages_);
    }

    void begin() {
        startNs_ = nowNs();
        startCpuNs_ = cpuNs();
    }

    const Options options_;
    std::vector<std::uint64_t> expected_;  ///< per connection, the next sequence number
    const Action answer_;
    std::uint64_t messages_ = 0;
    std::uint64_t startNs_ = 0;
    std::uint64_t startCpuNs_ = 0;
    std::uint64_t memoryAtReady_ = 0;
    std::uint64_t observeAt_ = 0;  ///< when `observe` is due next
    SteadyState steady_;
    Summary summary_;
};

}  // namespace bench

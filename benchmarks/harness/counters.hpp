#pragma once

#include "options.hpp"

#include <array>
#include <cstdint>
#include <dlfcn.h>
#include <functional>
#include <nlohmann/json.hpp>

namespace bench {

/// Wakes of threads and coroutines so far, for a program that counts its own; any thread.
inline std::function<std::uint64_t()> wakeCounter;

/// What happens per message once everything is warm: differences between two places in the middle of a run.
/// Active only where benchmarks/counters is preloaded. One thread at a time.
class SteadyState {
public:
    explicit SteadyState(const Options& options)
        : read_(reinterpret_cast<Read>(dlsym(RTLD_DEFAULT, "bench_counters_read")))
        , warmUpNs_(static_cast<std::uint64_t>(options.seconds * 4e8)) {}

    bool active() const { return read_ != nullptr; }

    /// Call now and then from the first message on; the first call after the warm-up opens the window.
    void observe(std::uint64_t nowNs, std::uint64_t messages) {
        if (!active() || open_) return;
        if (startNs_ == 0) startNs_ = nowNs;
        if (nowNs - startNs_ < warmUpNs_) return;
        open_ = true;
        wakes_ = wakes();
        messages_ = messages;
        read_(counts_.data());
    }

    /// The end of the window; later calls do nothing.
    void close(std::uint64_t messages) {
        if (!open_ || closed_) return;
        Counts end{};
        read_(end.data());
        closed_ = true;
        for (std::size_t i = 0; i < end.size(); ++i)
            counts_[i] = end[i] == kUnknown ? kUnknown : end[i] - counts_[i];
        wakes_ = wakes() - wakes_;
        messages_ = messages - messages_;
    }

    /// Puts the figures into a line of results.
    void report(nlohmann::json& line) const {
        if (!closed_ || messages_ == 0) return;
        const auto put = [&](const char* name, std::uint64_t count) {
            if (count != kUnknown)
                line["steady"][name] = static_cast<double>(count) / static_cast<double>(messages_);
        };
        line["steady"]["messages"] = messages_;
        put("allocations", counts_[0]);
        put("locks", counts_[1]);
        put("syscalls", counts_[2]);
        if (wakeCounter) put("wakes", wakes_);
    }

private:
    using Counts = std::array<std::uint64_t, 3>;
    using Read = void (*)(std::uint64_t*);
    static constexpr std::uint64_t kUnknown = ~0ULL;

    static std::uint64_t wakes() { return wakeCounter ? wakeCounter() : 0; }

    Read read_;
    std::uint64_t warmUpNs_;
    std::uint64_t startNs_ = 0;
    bool open_ = false;
    bool closed_ = false;
    std::uint64_t messages_ = 0;
    std::uint64_t wakes_ = 0;
    Counts counts_{};
};

}  // namespace bench

#pragma once

#include "base/random.hpp"

#include <cstdint>

namespace tempeh::base {

/// Numbers and random values that the library uses outside any engine. While a RunSources lives, its thread
/// takes them from it instead of from the process, so that a run can be repeated exactly: the values depend
/// neither on earlier runs nor on the system's entropy. RunSources nest.
class RunSources {
public:
    explicit RunSources(std::uint64_t seed) noexcept : random(seed), previous_(current) { current = this; }
    ~RunSources() { current = previous_; }
    RunSources(const RunSources&) = delete;
    RunSources& operator=(const RunSources&) = delete;

    /// Null: this thread uses those of the process.
    static RunSources* ofThisThread() noexcept { return current; }

    Random random;
    std::uint64_t lastHub = 0;

private:
    static inline thread_local constinit RunSources* current = nullptr;

    RunSources* const previous_;
};

}  // namespace tempeh::base

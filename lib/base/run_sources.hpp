#pragma once

#include "base/random.hpp"

#include <cstdint>

namespace tempeh::base {

/// What the library numbers and draws by itself, outside any engine, for a thread whose runs are to be the
/// same again: while one of these lives, its thread takes them from here and not from the process, so that
/// they depend neither on what ran before nor on the system's entropy. They nest.
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

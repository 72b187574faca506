#pragma once

#include "base/run_sources.hpp"
#include "core/group/message_ids.hpp"

#include <tempeh/base/export.hpp>

#include <cstdint>

namespace tempeh::core {

/// While one lives, its thread's run is reproducible: message ids start again from the beginning, and the
/// numbers and random values that the library uses outside any engine come from the seed. Not inline: the
/// thread-locals that it changes are those of this library, and another library has its own copies.
class TEMPEH_EXPORT RunScope {
public:
    explicit RunScope(std::uint64_t seed) noexcept;
    ~RunScope();
    RunScope(const RunScope&) = delete;
    RunScope& operator=(const RunScope&) = delete;

private:
    const ids::Block idsBefore_;
    base::RunSources sources_;
};

}  // namespace tempeh::core

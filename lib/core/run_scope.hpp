#pragma once

#include "base/run_sources.hpp"
#include "core/message_ids.hpp"

#include <tempeh/base/export.hpp>

#include <cstdint>

namespace tempeh::core {

/// While one lives, what its thread runs can be the same again: message ids begin anew, and what the library
/// numbers and draws outside any engine comes from the seed. Not inline: the notes per thread that it changes
/// are those of the library, of which another library has copies.
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

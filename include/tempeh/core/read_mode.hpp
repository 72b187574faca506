#pragma once

#include <tempeh/base/export.hpp>

#include <cstdint>
#include <iosfwd>
#include <string_view>

namespace tempeh {

/// When a channel's socket is read; see ChannelGroup::setReadMode().
enum class ReadMode : std::uint8_t {
    Normal,  ///< While the pool has messages for it.
    Paused,  ///< Never. Only this channel waits; the group's others go on.
    Urgent,  ///< Even when the pool is empty. The caller must bound what it takes in.
};

/// The enumerator's name, "unknown" for a value that has none.
TEMPEH_EXPORT std::string_view nameOf(ReadMode mode) noexcept;
/// Writes the name.
TEMPEH_EXPORT std::ostream& operator<<(std::ostream& out, ReadMode mode);

}  // namespace tempeh

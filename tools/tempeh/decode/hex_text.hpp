#pragma once

#include <string>
#include <string_view>

namespace tool {

/// Bytes from hex digits, with blanks, commas, colons, dashes, `0x` and lines of xxd among them. Throws
/// Failure(exitMalformed) with line and column.
std::string bytesOfHex(std::string_view text);

/// Whether it looks like hex for bytesOfHex().
bool looksLikeHex(std::string_view text) noexcept;

}  // namespace tool

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tool {

/// Whether it can be shown as it is: UTF-8 without control characters but newline and tab.
bool isPlainText(std::string_view text) noexcept;

/// As it can be shown on a terminal, where what a peer sends must not move the cursor or rename the window:
/// everything that is no plain text as `\x1b`. A line's newlines too.
std::string printableLine(std::string_view text);
std::string printableText(std::string_view text);

}  // namespace tool

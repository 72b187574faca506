#include "text/printable.hpp"

#include <fmt/format.h>

namespace tool {

namespace {

/// Length of the UTF-8 character at the front; 0 for what is none, and for control characters.
std::size_t characterAt(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    std::size_t size = 1;
    if (first >= 0xf0 && first < 0xf5)
        size = 4;
    else if (first >= 0xe0 && first < 0xf0)
        size = 3;
    else if (first >= 0xc2 && first < 0xe0)
        size = 2;
    else if (first >= 0x80)
        return 0;
    if (size > text.size()) return 0;
    for (std::size_t i = 1; i < size; ++i)
        if ((byte(i) & 0xc0) != 0x80) return 0;
    const bool isControl = first < 0x20 || first == 0x7f || (first == 0xc2 && byte(1) < 0xa0);
    return isControl && first != '\n' && first != '\t' ? 0 : size;
}

std::string printable(std::string_view text, bool keepsNewlines) {
    std::string shown;
    while (!text.empty()) {
        const bool isEscaped = !keepsNewlines && text.front() == '\n';
        const std::size_t size = isEscaped ? 0 : characterAt(text);
        if (size == 0) {
            shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
            text.remove_prefix(1);
        } else {
            shown += text.substr(0, size);
            text.remove_prefix(size);
        }
    }
    return shown;
}

}  // namespace

bool isPlainText(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t size = characterAt(text);
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

std::string printableLine(std::string_view text) {
    return printable(text, false);
}

std::string printableText(std::string_view text) {
    return printable(text, true);
}

}  // namespace tool

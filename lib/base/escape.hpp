#pragma once

#include <algorithm>
#include <string>
#include <string_view>

/// Makes text from an untrusted source fit for one line of a log or a header.
namespace tempeh::base {

inline constexpr std::string_view hexDigits = "0123456789abcdef";

inline bool isControl(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

inline bool hasControl(std::string_view text) noexcept {
    return std::any_of(text.begin(), text.end(), isControl);
}

/// Writes control characters as `\x0a`. Bytes from 0x80 up pass unchanged: the text may be UTF-8.
inline void appendEscaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        if (!isControl(c)) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out.append("\\x").append(1, hexDigits[byte >> 4]).append(1, hexDigits[byte & 0x0f]);
    }
}

inline std::string escaped(std::string_view text) {
    std::string out;
    appendEscaped(out, text);
    return out;
}

}  // namespace tempeh::base

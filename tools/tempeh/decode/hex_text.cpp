#include "decode/hex_text.hpp"

#include "cli/exit_code.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace tool {

namespace {

int digitOf(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool isSeparator(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == ':' || c == '-';
}

/// `00000010: 6368 756e  chu` of xxd: the part between offset and text.
std::string_view withoutXxd(std::string_view line, std::size_t& skipped) {
    const std::size_t colon = line.find(':');
    const bool hasOffset =
        colon == 8 && colon + 1 < line.size() && line[colon + 1] == ' ' &&
        std::all_of(line.begin(), line.begin() + 8, [](char c) { return digitOf(c) >= 0; });
    if (!hasOffset) return line;
    skipped = colon + 2;
    line.remove_prefix(skipped);
    return line.substr(0, std::min(line.find("  "), line.size()));
}

class HexLines {
public:
    void add(std::string_view line, std::size_t number) {
        std::size_t skipped = 0;
        const std::string_view digits = withoutXxd(line, skipped);
        for (std::size_t i = 0; i < digits.size(); ++i) {
            const bool isPrefix =
                high_ < 0 && digits[i] == '0' && i + 1 < digits.size() && digits[i + 1] == 'x';
            if (isPrefix) {
                ++i;
                continue;
            }
            if (isSeparator(digits[i]) && high_ < 0) continue;
            const int digit = digitOf(digits[i]);
            if (digit < 0) fail(number, skipped + i + 1, digits[i]);
            take(digit);
        }
        if (high_ >= 0)
            throw Failure(exitMalformed, fmt::format("hex text, line {}: half a byte at its end", number));
    }

    std::string bytes;

private:
    [[noreturn]] static void fail(std::size_t line, std::size_t column, char c) {
        const std::string shown = std::isprint(static_cast<unsigned char>(c)) != 0
                                      ? fmt::format("'{}'", c)
                                      : fmt::format("byte 0x{:02x}", static_cast<unsigned char>(c));
        throw Failure(exitMalformed, fmt::format("hex text, line {}, column {}: {} is no pair of hex digits",
                                                 line, column, shown));
    }

    void take(int digit) {
        if (high_ < 0) {
            high_ = digit;
            return;
        }
        bytes += static_cast<char>(high_ << 4 | digit);
        high_ = -1;
    }

    int high_ = -1;
};

}  // namespace

std::string bytesOfHex(std::string_view text) {
    HexLines lines;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.add(text.substr(0, end), number);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return std::move(lines.bytes);
}

bool looksLikeHex(std::string_view text) noexcept {
    const std::string_view start = text.substr(0, std::min(text.find('\n'), std::size_t{9}));
    return !start.empty() && std::all_of(start.begin(), start.end(), [](char c) {
        return digitOf(c) >= 0 || isSeparator(c) || c == 'x';
    });
}

}  // namespace tool

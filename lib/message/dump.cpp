#include "base/escape.hpp"

#include <tempeh/message/message.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace tempeh {

namespace {

constexpr std::size_t bytesPerLine = 16;

void addHex(std::string& out, unsigned char c) {
    out += base::hexDigits[c >> 4];
    out += base::hexDigits[c & 0x0f];
}

std::string offsetOf(std::size_t offset) {
    std::string text(4, '0');
    for (std::size_t place = text.size(); place-- > 0; offset >>= 4)
        text[place] = base::hexDigits[offset & 0x0f];
    return text;
}

/// `  0010  63 68 75 6e 6b 2d 31                              chunk-1`
void addHexLine(std::string& out, std::size_t offset, std::string_view bytes) {
    out.append("  ").append(offsetOf(offset)).append("  ");
    for (std::size_t i = 0; i != bytesPerLine; ++i) {
        if (i < bytes.size()) {
            addHex(out, static_cast<unsigned char>(bytes[i]));
            out += ' ';
        } else {
            out += "   ";
        }
    }
    out += ' ';
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += !base::isControl(c) && byte < 0x80 ? c : '.';
    }
    out += '\n';
}

}  // namespace

std::string dump(const Message& message, DumpOptions options) {
    std::string out = toString(message);
    out += '\n';
    for (const TextHeader& header : message.textHeaders) {
        out += "  ";
        base::appendEscaped(out, header.name);
        out += ": ";
        base::appendEscaped(out, header.value);
        out += '\n';
    }
    const std::string_view body = message.body.view();
    const std::string_view shown = body.substr(0, std::min(body.size(), options.maxBodyBytes));
    for (std::size_t offset = 0; offset < shown.size(); offset += bytesPerLine) {
        addHexLine(out, offset, shown.substr(offset, bytesPerLine));
    }
    if (shown.size() < body.size())
        out += "  and " + std::to_string(body.size() - shown.size()) + " more bytes\n";
    return out;
}

}  // namespace tempeh

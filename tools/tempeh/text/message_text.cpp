#include "text/message_text.hpp"

#include "cli/exit_code.hpp"
#include "cli/output.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tool {

namespace {

std::string hexOf(std::string_view bytes) {
    std::string text;
    for (const char c : bytes)
        text += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return text;
}

void addText(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        out.append("    ").append(text.substr(0, end)).append("\n");
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

void addHexLines(std::string& out, std::string_view bytes) {
    constexpr std::size_t perLine = 16;
    for (std::size_t offset = 0; offset < bytes.size(); offset += perLine) {
        const std::string_view line = bytes.substr(offset, perLine);
        std::string ascii;
        out += fmt::format("    {:04x} ", offset);
        for (const char c : line) {
            out += fmt::format(" {:02x}", static_cast<unsigned char>(c));
            ascii += c >= 0x20 && c < 0x7f ? c : '.';
        }
        out.append((perLine - line.size()) * 3 + 2, ' ').append(ascii).append("\n");
    }
}

}  // namespace

std::string summaryOf(const tempeh::Message& message) {
    const tempeh::BinaryHeader& header = message.header;
    std::string line = paint(Paint::Name, tempeh::nameOf(header.opCode));
    if (header.more) line += " more";
    line += fmt::format(" id {}", header.messageId);
    if (header.status != 0) line += paint(Paint::Bad, fmt::format(" status {}", header.status));
    const auto headers = std::distance(message.textHeaders.begin(), message.textHeaders.end());
    if (headers != 0) line += fmt::format(", {} header{}", headers, headers == 1 ? "" : "s");
    if (!message.body.empty()) line += fmt::format(", {} bytes", message.body.size());
    return line;
}

std::string detailsOf(const tempeh::Message& message, std::size_t bodyLimit) {
    std::string out;
    for (const tempeh::TextHeader& header : message.textHeaders)
        out += fmt::format("    {}: {}\n", printableLine(header.name), printableLine(header.value));
    const std::string_view body = message.body.view();
    std::string_view shown = body.substr(0, bodyLimit);
    if (isPlainText(body)) {
        while (!shown.empty() && !isPlainText(shown))  // not in the middle of a character
            shown.remove_suffix(1);
        addText(out, shown);
    } else {
        addHexLines(out, shown);
    }
    if (shown.size() < body.size()) out += fmt::format("    ... {} more bytes\n", body.size() - shown.size());
    return out;
}

void describe(const tempeh::Message& message, Json& json) {
    const tempeh::BinaryHeader& header = message.header;
    json.set("opcode", tempeh::nameOf(header.opCode)).set("id", header.messageId).set("more", header.more);
    json.set("status", header.status).array("headers");
    for (const tempeh::TextHeader& one : message.textHeaders)
        json.push("headers", Json().set("name", one.name).set("value", one.value));
    const std::string_view body = message.body.view();
    json.set("size", body.size());
    if (isPlainText(body))
        json.set("body", body);
    else
        json.set("bodyHex", hexOf(body));
}

void addHeaders(const std::vector<std::string>& headers, tempeh::TextHeaders& to) {
    for (const std::string& header : headers) {
        const std::size_t colon = header.find(':');
        tempeh::error_code ec = tempeh::Status::InvalidMessage;
        if (colon != std::string::npos)
            to.append(std::string_view(header).substr(0, colon), std::string_view(header).substr(colon + 1),
                      ec);
        if (ec) throw Failure(exitUsage, "'" + header + "' is no text header; write name:value");
    }
    constexpr std::size_t longest = 65'535;
    if (to.sizeBytes() > longest) throw Failure(exitUsage, "the text headers are longer than 65535 bytes");
}

std::string reasonOf(const tempeh::Error& error, std::string_view peer) {
    std::string_view cause = error.detail();
    if (cause.empty()) return std::string(tempeh::nameOf(error.status()));
    // The peer's name, of a Unix client with its process, is shown already.
    const std::size_t colon =
        cause.starts_with(peer) ? cause.find(": ", peer.size()) : std::string_view::npos;
    if (colon != std::string_view::npos) cause.remove_prefix(colon + 2);
    return std::string(cause);
}

std::string bytesText(double bytes) {
    static constexpr const char* units[] = {"B", "KB", "MB", "GB", "TB"};
    std::size_t unit = 0;
    while (bytes >= 1000 && unit + 1 < std::size(units)) {
        bytes /= 1000;
        ++unit;
    }
    return fmt::format("{:.{}f} {}", bytes, unit == 0 ? 0 : 1, units[unit]);
}

std::string timeText(double microseconds) {
    if (microseconds < 1e3) return fmt::format("{:.1f} us", microseconds);
    if (microseconds < 1e6) return fmt::format("{:.2f} ms", microseconds / 1e3);
    return fmt::format("{:.2f} s", microseconds / 1e6);
}

}  // namespace tool

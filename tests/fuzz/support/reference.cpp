#include "fuzz/support/reference.hpp"

#include <algorithm>

namespace tempeh::fuzz::reference {

namespace {

bool isControl(char c) {
    return (c >= 0 && c < 0x20) || c == 0x7f;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::uint64_t bigEndian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char byte : bytes)
        value = value * 256 + static_cast<unsigned char>(byte);
    return value;
}

BinaryHeader parseHeader(std::string_view bytes) {
    const auto proto = static_cast<unsigned char>(bytes[2]);
    return {.channelNumber = static_cast<ChannelNumber>(bigEndian(bytes.substr(0, 2))),
            .opCode = static_cast<OpCode>(proto % 16),
            .origin = (proto / 16) % 2 == 0 ? Origin::Application : Origin::Engine,
            .more = (proto / 32) % 2 != 0,
            .status = static_cast<std::uint8_t>(bytes[3]),
            .messageId = bigEndian(bytes.substr(4, 8)),
            .textHeadersLength = static_cast<std::uint16_t>(bigEndian(bytes.substr(12, 2))),
            .bodyLength = static_cast<std::uint16_t>(bigEndian(bytes.substr(14, 2)))};
}

}  // namespace

std::optional<Line> parseLine(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = line.substr(colon + 1);
    if (std::any_of(name.begin(), name.end(), isControl)) return std::nullopt;
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) return std::nullopt;
    return Line{name, trimmed(value)};
}

std::string_view takeLine(std::string_view& block) {
    const std::size_t end = block.find("\r\n");
    const std::string_view line = block.substr(0, end);
    block = end == std::string_view::npos ? std::string_view() : block.substr(end + 2);
    return line;
}

bool isTextBlock(std::string_view block) {
    while (!block.empty()) {
        const std::string_view line = takeLine(block);
        if (!line.empty() && !parseLine(line)) return false;
    }
    return true;
}

Outcome takeFrame(std::string_view& stream, Frame& frame) {
    if (stream.size() < BinaryHeader::wireSize) return Outcome::Truncated;
    frame.header = parseHeader(stream);
    const std::size_t textSize = frame.header.textHeadersLength;
    const std::size_t bodySize = frame.header.bodyLength;
    std::string_view rest = stream.substr(BinaryHeader::wireSize);
    if (rest.size() < textSize) return Outcome::Truncated;
    frame.textHeaders = rest.substr(0, textSize);
    if (!isTextBlock(frame.textHeaders)) return Outcome::Malformed;
    rest.remove_prefix(textSize);
    if (rest.size() < bodySize) return Outcome::Truncated;
    frame.body = rest.substr(0, bodySize);
    stream = rest.substr(bodySize);
    return Outcome::Whole;
}

}  // namespace tempeh::fuzz::reference

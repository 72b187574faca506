#include "decode/frame_parser.hpp"

#include <tempeh/message/detail/text_block.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

namespace tool {

namespace {

using tempeh::BinaryHeader;

std::span<const std::byte> bytesOf(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

bool isWellFormed(std::string_view block) {
    tempeh::TextHeaders headers;
    const std::span<const std::byte> bytes = bytesOf(block);
    std::copy(bytes.begin(), bytes.end(),
              tempeh::detail::TextBlock::prepare(headers, block.size() + 2).begin());
    tempeh::detail::TextBlock::commit(headers, block.size());
    return tempeh::detail::TextBlock::normalise(headers);
}

/// Offset of the first line of the block that no text header can be; docs/wire.md.
std::size_t firstBadLine(std::string_view block) {
    std::size_t start = 0;
    while (start < block.size()) {
        const std::size_t end = std::min(block.find("\r\n", start), block.size());
        if (end != start && !isWellFormed(block.substr(start, end - start))) return start;
        start = end + 2;
    }
    return 0;
}

/// What is wrong with the fixed part; empty: nothing. `offset` is that of the wrong field.
std::string faultOf(const BinaryHeader& header, std::size_t& offset) {
    offset = 2;
    if (!tempeh::isKnown(header.opCode))
        return fmt::format("opcode {} does not exist", static_cast<unsigned>(header.opCode));
    if (header.opCode == tempeh::OpCode::ByeSignal) return {};  // a tofu peer's, made of any message
    if (!tempeh::crossesTheWire(header.opCode))
        return fmt::format("a {} never crosses the wire", tempeh::nameOf(header.opCode));
    if (header.more && !tempeh::isRegular(header.opCode))
        return fmt::format("a {} cannot have more parts", tempeh::nameOf(header.opCode));
    offset = 4;
    if (header.messageId == 0) return "message id 0 never crosses the wire";
    return {};
}

}  // namespace

void FrameParser::feed(std::string_view bytes) {
    buffer_.erase(0, used_);
    used_ = 0;
    buffer_ += bytes;
}

FrameParser::Step FrameParser::fail(std::size_t at, std::string problem) {
    problem_ = std::move(problem);
    problemOffset_ = frameOffset_ + at;
    return Step::Malformed;
}

FrameParser::Step FrameParser::takeHeaders(std::string_view block, tempeh::Message& frame) {
    const std::span<const std::byte> bytes = bytesOf(block);
    std::copy(bytes.begin(), bytes.end(),
              tempeh::detail::TextBlock::prepare(frame.textHeaders, block.size() + 2).begin());
    tempeh::detail::TextBlock::commit(frame.textHeaders, block.size());
    if (tempeh::detail::TextBlock::normalise(frame.textHeaders)) return Step::Frame;
    return fail(BinaryHeader::wireSize + firstBadLine(block), "this line is no text header (name:value)");
}

FrameParser::Step FrameParser::next(tempeh::Message& frame) {
    if (!problem_.empty()) return Step::Malformed;
    const std::string_view input = std::string_view(buffer_).substr(used_);
    frameOffset_ = position_;
    if (input.size() < BinaryHeader::wireSize) return Step::NeedInput;
    const BinaryHeader header = BinaryHeader::decode(bytesOf(input).first<BinaryHeader::wireSize>());
    std::size_t wrongAt = 0;
    if (std::string fault = faultOf(header, wrongAt); !fault.empty()) return fail(wrongAt, std::move(fault));
    const std::size_t headersEnd = BinaryHeader::wireSize + header.textHeadersLength;
    const std::size_t end = headersEnd + header.bodyLength;
    if (input.size() < end) return Step::NeedInput;

    frame.reset();
    frame.header = header;
    if (takeHeaders(input.substr(BinaryHeader::wireSize, header.textHeadersLength), frame) != Step::Frame)
        return Step::Malformed;
    frame.body.assign(input.substr(headersEnd, header.bodyLength));
    used_ += end;
    position_ += end;
    return Step::Frame;
}

bool FrameParser::finish() {
    if (!problem_.empty()) return false;
    const std::string_view rest = std::string_view(buffer_).substr(used_);
    if (rest.empty()) return true;
    std::size_t wanted = BinaryHeader::wireSize;
    if (rest.size() >= wanted) {
        const BinaryHeader header = BinaryHeader::decode(bytesOf(rest).first<BinaryHeader::wireSize>());
        wanted += std::size_t{header.textHeadersLength} + header.bodyLength;
    }
    frameOffset_ = position_;
    fail(rest.size(),
         fmt::format("cut off: the frame at {} has {}{} bytes, {} are here", position_,
                     rest.size() < BinaryHeader::wireSize ? "at least " : "", wanted, rest.size()));
    return false;
}

}  // namespace tool

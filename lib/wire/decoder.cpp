#include "wire/decoder.hpp"

#include "message/message_access.hpp"

#include <tempeh/message/detail/text_block.hpp>

namespace tempeh::wire {

void Decoder::fillTextHeaders(std::span<const std::byte>& input) {
    const std::span<const std::byte> part = cut(input);
    if (!part.empty()) {
        std::memcpy(detail::TextBlock::prepare(message_->textHeaders, part.size()).data(), part.data(),
                    part.size());
        detail::TextBlock::commitPart(message_->textHeaders, part.size());
    }
    if (missing_ != 0) return;
    if (detail::TextBlock::normalise(message_->textHeaders)) {
        startBody();
        return;
    }
    state_ = State::Failed;
    error_ = Status::InvalidMessage;
    message_.reset();
}

Decoder::Step Decoder::collectHeader(std::span<const std::byte>& input) noexcept {
    const std::size_t size = std::min(BinaryHeader::wireSize - headerFill_, input.size());
    if (size != 0) std::memcpy(headerBytes_.data() + headerFill_, input.data(), size);
    input = input.subspan(size);
    headerFill_ = static_cast<std::uint8_t>(headerFill_ + size);
    if (headerFill_ != BinaryHeader::wireSize) return Step::NeedInput;
    headerFill_ = 0;
    startFrame(headerBytes_);
    return Step::NeedMessage;
}

}  // namespace tempeh::wire

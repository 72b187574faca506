// What a posted message needs: any header, any text headers, parts up to beyond what a frame holds, and the
// rules read a second time. Input: opcode, flags, lengths, id, channel, then the text block.

#include "machines/post_rules.hpp"

#include "fuzz/support/fuzz_target.hpp"
#include "fuzz/support/input.hpp"
#include "fuzz/support/message_pool.hpp"

#include <tempeh/message/detail/text_block.hpp>
#include <tempeh/wire/address.hpp>

#include <cstring>

namespace tempeh::fuzz {
namespace {

constexpr std::size_t maxPart = 65'535;

/// Kept, so that a large part costs nothing.
Message& message() {
    static Message one;
    one.reset();
    return one;
}

/// The text headers may be anything a decoder lets through.
bool fill(Message& message, Input& input) {
    const unsigned raw = input.byte();
    const unsigned sizes = input.byte();
    message.header.opCode = static_cast<OpCode>(raw % 16);
    message.header.more = (raw & 16) != 0;
    message.header.origin = static_cast<Origin>(raw >> 5U & 1U);
    message.header.messageId = (raw & 64) != 0 ? 0 : input.byte();
    message.header.channelNumber = (raw & 128) != 0 ? 0 : input.byte();
    if (sizes % 16 == 1) message.body.prepare(maxPart);
    if (sizes % 16 == 1) message.body.commit(maxPart);
    if (sizes % 16 == 2) message.body.prepare(maxPart + 1);
    if (sizes % 16 == 2) message.body.commit(maxPart + 1);
    const Bytes block = input.rest();
    const std::span<std::byte> room = detail::TextBlock::prepare(message.textHeaders, block.size() + 2);
    if (!block.empty()) std::memcpy(room.data(), block.data(), block.size());
    detail::TextBlock::commit(message.textHeaders, block.size());
    if (!detail::TextBlock::normalise(message.textHeaders)) return false;
    if (sizes / 16 != 1) return true;
    static const std::string filler(maxPart, 'x');
    message.textHeaders.append("filler", filler);
    return true;
}

Status addressStatus(const Message& message) {
    const bool isHello = message.header.opCode == OpCode::HelloRequest;
    const bool connects = message.textHeaders.find(wire::connectToHeader).has_value();
    const bool listens = message.textHeaders.find(wire::listenOnHeader).has_value();
    if (connects == listens || connects != isHello) return Status::WrongAddress;
    error_code ec;
    parseAddress(message, ec);
    return ec ? Status::InvalidAddress : Status::Success;
}

Status expected(const Message& message) {
    const BinaryHeader& header = message.header;
    const bool opens = header.opCode == OpCode::HelloRequest || header.opCode == OpCode::WelcomeRequest;
    if (static_cast<unsigned>(header.opCode) > 8) return Status::InvalidOpCode;
    if (header.role() == MessageRole::Response && header.messageId == 0) return Status::InvalidMessageId;
    if (header.more && header.type() != MessageType::Regular) return Status::InvalidMoreUsage;
    if (opens != (header.channelNumber == 0)) return Status::InvalidChannelNumber;
    if (message.textHeaders.sizeBytes() > maxPart) return Status::InvalidHeadersLen;
    if (message.body.size() > maxPart) return Status::InvalidBodyLen;
    return opens ? addressStatus(message) : Status::Success;
}

}  // namespace
}  // namespace tempeh::fuzz

TEMPEH_FUZZ_TARGET(post_rules) {
    using namespace tempeh;
    fuzz::Input parameters(input);
    Message& message = fuzz::message();
    if (!fuzz::fill(message, parameters)) return;
    const Status status = machines::checkPost(&message);
    FUZZ_CHECK(status == fuzz::expected(message));
    if (machines::isPlainPost(message))
        FUZZ_CHECK(status == Status::Success && isRegular(message.header.opCode));
    FUZZ_CHECK(machines::checkPost(nullptr) == Status::NullMessage);
}

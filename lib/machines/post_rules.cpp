#include "machines/post_rules.hpp"

#include <tempeh/message/detail/text_block.hpp>
#include <tempeh/wire/address.hpp>

namespace tempeh::machines {

namespace {

bool opensChannel(OpCode opCode) noexcept {
    return opCode == OpCode::HelloRequest || opCode == OpCode::WelcomeRequest;
}

bool answers(OpCode opCode) noexcept {
    return opCode == OpCode::Response || opCode == OpCode::HelloResponse || opCode == OpCode::ByeResponse;
}

/// A HelloRequest must say where to connect, a WelcomeRequest where to listen; the header of the other counts
/// as missing.
Status checkAddress(const Message& message) noexcept {
    const bool isHello = message.header.opCode == OpCode::HelloRequest;
    if (!message.textHeaders.find(isHello ? wire::connectToHeader : wire::listenOnHeader))
        return Status::WrongAddress;
    try {
        error_code ec;
        parseAddress(message, ec);
        if (ec == error_code(Status::WrongAddress)) return Status::WrongAddress;
        return ec ? Status::InvalidAddress : Status::Success;
    } catch (...) {
        return Status::AllocationFailed;
    }
}

}  // namespace

Status checkPost(const Message* message) noexcept {
    if (message == nullptr) return Status::NullMessage;
    const BinaryHeader& header = message->header;
    if (!isKnown(header.opCode) || header.opCode == OpCode::WelcomeResponse) return Status::InvalidOpCode;
    if (answers(header.opCode) && header.messageId == 0) return Status::InvalidMessageId;
    if (header.more && !isRegular(header.opCode)) return Status::InvalidMoreUsage;
    if (opensChannel(header.opCode) != (header.channelNumber == 0)) return Status::InvalidChannelNumber;
    if (message->textHeaders.sizeBytes() > maxPartBytes) return Status::InvalidHeadersLen;
    if (message->body.size() > maxPartBytes) return Status::InvalidBodyLen;
    if (detail::TextBlock::isMalformed(message->textHeaders)) return Status::InvalidMessage;
    return opensChannel(header.opCode) ? checkAddress(*message) : Status::Success;
}

}  // namespace tempeh::machines

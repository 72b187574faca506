#include "core/group/errors.hpp"

#include "base/escape.hpp"

#include <tempeh/core/channel_info.hpp>
#include <tempeh/wire/address.hpp>

#include <string_view>

namespace tempeh::core {

namespace {

std::string describeChannel(ChannelNumber channel, const detail::GroupBackend* group) {
    std::string text = "channel " + std::to_string(channel);
    if (group == nullptr) return text;
    error_code unknown;
    const ChannelInfo info = group->channelInfo(channel, unknown);
    if (unknown) return text;
    if (info.isListener) return text + ", the listener at " + info.localAddress;
    return info.peerAddress.empty() ? text : text + " to " + info.peerAddress;
}

/// The opcode, and the address of a message that opens a channel.
std::string describeMessage(const Message& message) {
    std::string text(nameOf(message.header.opCode));
    for (const std::string_view name : {wire::connectToHeader, wire::listenOnHeader})
        if (const auto address = message.textHeaders.find(name)) text += ", " + base::escaped(*address);
    return text;
}

std::string valueAtFault(const Message& message, const error_code& ec) {
    if (ec == Status::InvalidBodyLen) return ", a body of " + std::to_string(message.body.size()) + " bytes";
    if (ec == Status::InvalidHeadersLen)
        return ", text headers of " + std::to_string(message.textHeaders.sizeBytes()) + " bytes";
    if (ec == Status::InvalidMessageId) return ", id " + std::to_string(message.header.messageId);
    return {};
}

}  // namespace

std::string describe(const Message& message, const error_code& ec, const detail::GroupBackend* group) {
    std::string text;
    if (message.header.channelNumber != 0) text = describeChannel(message.header.channelNumber, group) + ", ";
    return text + describeMessage(message) + valueAtFault(message, ec);
}

std::string whyNotAllowed(const error_code& ec, detail::GroupBackend& group) {
    if (ec != Status::NotAllowed) return {};
    // No channel has this number, so it fails in any case: on the engine's thread for being there.
    error_code onThread;
    group.writableBlocking(0, Duration::zero(), onThread);
    return onThread == Status::NotAllowed ? "a blocking call on the engine's own thread"
                                          : "somebody else waits there already";
}

}  // namespace tempeh::core

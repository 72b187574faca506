#include "core/close_notice.hpp"

#include "core/obligation.hpp"
#include "message/message_access.hpp"

#include <tempeh/wire/address.hpp>

namespace tempeh::core {

MessagePtr makeCloseNotice(MessagePtr notice, const Channel& channel, machines::EndCause cause, Status status,
                           const EndDetail& detail) noexcept {
    notice->header.channelNumber = channel.number();
    notice->header.opCode = OpCode::Signal;
    notice->header.origin = Origin::Engine;
    notice->header.status = static_cast<std::uint8_t>(Status::ChannelClosed);
    notice->header.messageId = channel.firstId;
    const Obligation obligation(Obligation::Kind::CloseNotice, channel.number(), channel.generation());
    detail::MessageAccess::setObligation(*notice, obligation.raw());
    try {
        std::string reason = std::string(nameOf(status)) + ": " + std::string(machines::describe(cause));
        if (!detail.empty()) reason += " (" + detail.text() + ")";
        notice->textHeaders.append(wire::reasonHeader, reason);
        const Channel::Door& door = channel.door;
        notice->textHeaders.append(wire::peerHeader,
                                   door.peerAddress.empty() ? door.localAddress : door.peerAddress);
    } catch (...) {
        // Without memory the notice goes without its reasons.
    }
    return notice;
}

}  // namespace tempeh::core

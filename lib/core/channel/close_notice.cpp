#include "core/channel/close_notice.hpp"

#include "core/group/obligation.hpp"
#include "core/group/stamp.hpp"
#include "message/message_access.hpp"

#include <tempeh/wire/address.hpp>

#include <new>
#include <string>

namespace tempeh::core {

namespace {

void addDetail(std::string& reason, const EndDetail& detail) {
    if (!detail.empty()) reason += " (" + detail.text() + ")";
}

/// The message carries the status, so the reason does not repeat it.
std::string whyNoAnswer(machines::EndCause cause, const EndDetail& detail) {
    if (cause == machines::EndCause::ConnectFailed) return detail.text();
    const bool isLost = cause == machines::EndCause::PeerClosed;
    std::string reason(isLost ? "the hello was not answered" : machines::describe(cause));
    addDetail(reason, detail);
    return reason;
}

}  // namespace

MessagePtr makeNotice(MessagePtr notice, const Channel& channel, Status status) noexcept {
    notice->header.channelNumber = channel.number();
    notice->header.opCode = OpCode::Signal;
    notice->header.messageId = channel.firstId;
    markFromEngine(*notice, status);
    return notice;
}

MessagePtr makeCloseNotice(MessagePtr notice, const Channel& channel, machines::EndCause cause, Status status,
                           const EndDetail& detail) noexcept {
    notice = makeNotice(std::move(notice), channel, Status::ChannelClosed);
    const Obligation obligation(Obligation::Kind::CloseNotice, channel.number(), channel.generation());
    detail::MessageAccess::setObligation(*notice, obligation.raw());
    try {
        std::string reason = std::string(nameOf(status)) + ": " + std::string(machines::describe(cause));
        addDetail(reason, detail);
        notice->textHeaders.append(wire::reasonHeader, reason);
        const std::string peer = channel.addresses.peer();
        notice->textHeaders.append(wire::peerHeader, peer.empty() ? channel.addresses.local() : peer);
    } catch (...) {
        // Out of memory: the notice goes without its reasons.
    }
    return notice;
}

void addFailure(Message& hello, const Channel& channel, machines::EndCause cause,
                const EndDetail& detail) noexcept {
    try {
        error_code ec;  // no room among the headers: sent without the reason
        if (const std::string reason = whyNoAnswer(cause, detail); !reason.empty())
            hello.textHeaders.set(wire::reasonHeader, reason, ec);
        hello.textHeaders.set(wire::peerHeader, channel.addresses.peer(), ec);
    } catch (const std::bad_alloc&) {
        // Out of memory: the message carries only its status.
    }
}

}  // namespace tempeh::core

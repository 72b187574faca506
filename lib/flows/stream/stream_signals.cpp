#include "flows/stream/stream_signals.hpp"

#include "flows/peer/peer_operations.hpp"

#include <new>
#include <string>

namespace tempeh::flows::detail {

namespace {

MessagePtr makeWord(const PeerState& peer, MessageId stream, std::string_view header, std::uint64_t value) {
    MessagePtr signal = peer.hub().newMessage(OpCode::Signal);
    signal->header.channelNumber = peer.channel();
    signal->header.messageId = stream;
    signal->textHeaders.append(header, std::to_string(value));
    return signal;
}

}  // namespace

void tellWriter(const PeerPtr& peer, MessageId stream, std::string_view header,
                std::uint64_t value) noexcept {
    try {
        sendSoon(peer, makeWord(*peer, stream, header, value));
    } catch (const std::bad_alloc&) {
        return;
    }
}

void tellFirst(PeerState& peer, MessageId stream, StreamWindow& window) noexcept {
    const std::optional<std::uint64_t> read = window.takeDue();
    if (!read || peer.isDoomed()) return;
    error_code ec = Status::AllocationFailed;
    try {
        MessagePtr word = makeWord(peer, stream, streamReadHeader, *read);
        peer.group().post(std::move(word), ec);
    } catch (const std::bad_alloc&) {
        ec = Status::AllocationFailed;
    }
    if (ec) window.onNotTold();
}

}  // namespace tempeh::flows::detail

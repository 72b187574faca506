#include "fuzz/support/script_ledger.hpp"

#include "fuzz/support/input.hpp"
#include "fuzz/support/message_script.hpp"
#include "machines/channel_machine.hpp"

#include <algorithm>

namespace tempeh::fuzz {

namespace {

/// FNV-1a of the frame without channel number and status, which the engine sets.
std::uint64_t digestOf(std::string_view frame) {
    std::uint64_t digest = 0xcbf2'9ce4'8422'2325;
    for (const char byte : frame.substr(2, 1))
        digest ^= static_cast<unsigned char>(byte);
    for (const char byte : frame.substr(4))
        digest = (digest ^ static_cast<unsigned char>(byte)) * 0x100'0000'01b3;
    return digest;
}

}  // namespace

ScriptLedger::Connection& ScriptLedger::connection(std::size_t index,
                                                   const std::shared_ptr<const Switchyard>& yard) {
    while (connections_.size() <= index) {
        auto fresh = std::make_unique<Connection>();
        const std::string port = std::to_string(connections_.size() + 1);
        fresh->wire = std::make_shared<Wire>(yard, "tcp|peer|" + port);
        connections_.push_back(std::move(fresh));
    }
    return *connections_[index];
}

void ScriptLedger::feed(Connection& connection, std::size_t size) {
    size = std::min(size, connection.outgoing.size());
    const auto end = connection.outgoing.begin() + static_cast<std::ptrdiff_t>(size);
    if (connection.wire->feed(std::span<const std::byte>(connection.outgoing).first(size)))
        connection.fed.insert(connection.fed.end(), connection.outgoing.begin(), end);
    connection.outgoing.erase(connection.outgoing.begin(), end);
}

// --- What the application posts ---

void ScriptLedger::prepare(const Message& message) {
    scratch_.clear();
    appendFrame(scratch_, message);
    prepared_ = {};
    prepared_.digest = digestOf(textOf(scratch_));
    prepared_.opCode = message.header.opCode;
}

void ScriptLedger::notePosted(ChannelNumber channel, bool isLocal) {
    prepared_.channel = channel;
    prepared_.isLocal = isLocal;
    posted_.push_back(prepared_);
}

ScriptLedger::Posted* ScriptLedger::findPosted(MessageId id) noexcept {
    return id >= firstId && id - firstId < posted_.size() ? &posted_[id - firstId] : nullptr;
}

// --- Channels ---

void ScriptLedger::noteOpened(ChannelNumber channel, std::size_t connection) {
    FUZZ_CHECK(channel != 0 && channel != 0xffff && !isKnown(channel));
    channels_.push_back({channel, connection, false, connection != none});
}

const ScriptLedger::Channel* ScriptLedger::find(ChannelNumber channel) const noexcept {
    const auto found = std::find_if(channels_.begin(), channels_.end(),
                                    [&](const Channel& known) { return known.number == channel; });
    return found == channels_.end() ? nullptr : &*found;
}

ScriptLedger::Channel& ScriptLedger::at(ChannelNumber channel) {
    const Channel* const found = find(channel);
    FUZZ_CHECK(found != nullptr);
    return channels_[static_cast<std::size_t>(found - channels_.data())];
}

void ScriptLedger::checkOpen(ChannelNumber channel) const {
    const Channel* const found = find(channel);
    FUZZ_CHECK(found == nullptr || !found->isClosed);
}

// --- What the application receives ---

void ScriptLedger::noteDelivered(const Message& message) {
    checkOpen(message.header.channelNumber);
    Channel& channel = at(message.header.channelNumber);
    Connection& from = *connections_[channel.connection];
    const std::string_view all = textOf(from.fed);
    std::string_view rest = all.substr(from.delivered);
    reference::Frame frame;
    FUZZ_CHECK(reference::takeFrame(rest, frame) == reference::Outcome::Whole);
    FUZZ_CHECK(message.header.opCode == frame.header.opCode && message.header.more == frame.header.more);
    FUZZ_CHECK(message.header.status == frame.header.status);
    FUZZ_CHECK(message.header.messageId == frame.header.messageId && message.header.messageId != 0);
    FUZZ_CHECK(crossesTheWire(message.header.opCode));
    FUZZ_CHECK((message.header.opCode == OpCode::HelloRequest) <= (from.delivered == 0));
    FUZZ_CHECK(message.textHeaders.view().starts_with(frame.textHeaders));
    FUZZ_CHECK(message.body.view() == frame.body);
    from.delivered = all.size() - rest.size();
}

void ScriptLedger::noteReturned(const Message& message) {
    checkOpen(message.header.channelNumber);
    FUZZ_CHECK(message.status() != Status::Success);
    Posted* const posted = findPosted(message.header.messageId);
    if (posted == nullptr) {
        // The engine's own answer to a ByeRequest that was dropped.
        FUZZ_CHECK(message.header.opCode == OpCode::ByeResponse);
        return;
    }
    FUZZ_CHECK(!posted->hasReturned && posted->channel == message.header.channelNumber);
    posted->hasReturned = true;
    const bool isHello = posted->opCode == OpCode::HelloRequest;
    FUZZ_CHECK(message.header.opCode == (isHello ? OpCode::HelloResponse : posted->opCode));
    if (isHello) return;
    // As it was posted, but for who speaks and why.
    scratch_.clear();
    appendFrame(scratch_, message);
    FUZZ_CHECK(digestOf(textOf(scratch_)) == posted->digest);
}

void ScriptLedger::noteClosed(const Message& message) {
    Channel& channel = at(message.header.channelNumber);
    FUZZ_CHECK(!channel.isClosed);
    channel.isClosed = true;
    if (!channel.hasConnection) return;
    // Whatever came before the peer closed was delivered.
    const Connection& from = *connections_[channel.connection];
    const std::string_view reason = message.textHeaders.find(wire::reasonHeader).value_or("");
    const bool peerClosed = reason.find(describe(machines::EndCause::PeerClosed)) != std::string_view::npos;
    if (!peerClosed || from.wire->wasReset()) return;
    std::string_view rest = textOf(from.fed).substr(from.delivered);
    reference::Frame frame;
    FUZZ_CHECK(reference::takeFrame(rest, frame) != reference::Outcome::Whole ||
               frame.header.opCode == OpCode::ByeSignal);  // its word for it
}

// --- What the peers received ---

void ScriptLedger::checkFrame(std::string_view bytes, const reference::Frame& frame, std::size_t connection) {
    constexpr unsigned neverSent = 0xd0;  // origin and the internal bits
    const BinaryHeader& header = frame.header;
    FUZZ_CHECK((static_cast<unsigned char>(bytes[2]) & neverSent) == 0);
    FUZZ_CHECK(crossesTheWire(header.opCode) && header.messageId != 0);
    const Channel* const channel = find(header.channelNumber);
    FUZZ_CHECK(channel != nullptr && channel->connection == connection);
    Posted* const posted = findPosted(header.messageId);
    if (posted == nullptr) {
        FUZZ_CHECK(header.opCode == OpCode::ByeResponse);
        return;
    }
    FUZZ_CHECK(!posted->wasWritten && !posted->isLocal && posted->channel == header.channelNumber);
    FUZZ_CHECK(posted->digest == digestOf(bytes));
    posted->wasWritten = true;
}

void ScriptLedger::checkWritten(std::size_t connection) {
    std::string_view rest = textOf(connections_[connection]->wire->written());
    reference::Frame frame;
    for (;;) {
        const std::string_view before = rest;
        const reference::Outcome outcome = reference::takeFrame(rest, frame);
        FUZZ_CHECK(outcome != reference::Outcome::Malformed);
        if (outcome == reference::Outcome::Truncated) return;
        checkFrame(before.substr(0, before.size() - rest.size()), frame, connection);
    }
}

void ScriptLedger::checkComplete() {
    for (std::size_t i = 0; i != connections_.size(); ++i)
        checkWritten(i);
    for (const Posted& posted : posted_) {
        if (posted.isLocal) {
            FUZZ_CHECK(!posted.wasWritten);
        } else {
            FUZZ_CHECK(posted.wasWritten || posted.hasReturned);
            // A hello may do both: sent, and then nobody there.
            if (posted.opCode != OpCode::HelloRequest) FUZZ_CHECK(!(posted.wasWritten && posted.hasReturned));
        }
    }
    for (const Channel& channel : channels_)
        FUZZ_CHECK(channel.isClosed);
    FUZZ_CHECK(updates == 0);
}

}  // namespace tempeh::fuzz

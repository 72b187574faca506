#pragma once

#include "fuzz/support/memory_network.hpp"
#include "fuzz/support/reference.hpp"

#include <tempeh/message/message.hpp>

#include <memory>
#include <string>
#include <vector>

namespace tempeh::fuzz {

/// What went in at one end and what came out at the other, of peers and application; checks as it goes, and
/// in all at the end.
class ScriptLedger {
public:
    struct Connection {
        std::shared_ptr<Wire> wire;
        std::vector<std::byte> outgoing;  // frames the peer made and did not send yet
        std::vector<std::byte> fed;
        std::size_t delivered = 0;  // bytes of `fed` that the application got
    };

    /// The connection with that number (its peer's port), made when there is none.
    Connection& connection(std::size_t index, const std::shared_ptr<const Switchyard>& yard);
    Connection& connectionAt(std::size_t index) { return *connections_[index]; }
    std::size_t connections() const noexcept { return connections_.size(); }
    void feed(Connection& connection, std::size_t size);

    /// An id for a message to be posted; every one is different.
    MessageId nextId() noexcept { return firstId + posted_.size(); }
    /// Before the post: what the frame will look like.
    void prepare(const Message& message);
    /// The post succeeded. `isLocal`: it never goes out, and comes back only when it comes too late.
    void notePosted(ChannelNumber channel, bool isLocal);

    void noteOpened(ChannelNumber channel, std::size_t connection);
    bool isKnown(ChannelNumber channel) const noexcept { return find(channel) != nullptr; }
    std::size_t channels() const noexcept { return channels_.size(); }
    ChannelNumber channelAt(std::size_t index) const noexcept { return channels_[index].number; }

    /// A message of the peer's was received.
    void noteDelivered(const Message& message);
    /// A posted message came back.
    void noteReturned(const Message& message);
    /// A ChannelClosed was received.
    void noteClosed(const Message& message);
    void checkOpen(ChannelNumber channel) const;
    int updates = 0;  // updateReceiver() less those received

    /// Everything has ended and everything was received.
    void checkComplete();

private:
    static constexpr MessageId firstId = 0xf07d'a251'3c00'0001;

    struct Posted {
        std::uint64_t digest = 0;
        OpCode opCode = OpCode::Request;
        ChannelNumber channel = 0;
        bool isLocal = false;
        bool hasReturned = false;
        bool wasWritten = false;
    };
    struct Channel {
        ChannelNumber number = 0;
        std::size_t connection = 0;
        bool isClosed = false;
        bool hasConnection = false;
    };
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    const Channel* find(ChannelNumber channel) const noexcept;
    Channel& at(ChannelNumber channel);
    Posted* findPosted(MessageId id) noexcept;
    void checkWritten(std::size_t connection);
    void checkFrame(std::string_view bytes, const reference::Frame& frame, std::size_t connection);

    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<Channel> channels_;
    std::vector<Posted> posted_;
    Posted prepared_;
    std::vector<std::byte> scratch_;
};

}  // namespace tempeh::fuzz

#pragma once

#include <tempeh/core/asio.hpp>
#include <tempeh/core/read_mode.hpp>
#include <tempeh/core/stats.hpp>
#include <tempeh/message/op_code.hpp>
#include <tempeh/transport/credentials.hpp>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tempeh {

/// What a channel is doing.
enum class ChannelPhase : std::uint8_t {
    Opening,    ///< A listener is being bound, or a client resolves and connects.
    Listening,  ///< A listener accepts.
    Handshake,  ///< Connected; the hello is not answered yet.
    Ready,      ///< Both sides may send.
    Closing,    ///< A ByeRequest is on its way or waits for its answer.
    Closed,     ///< Ended; its ChannelClosed waits to be received.
};

/// The enumerator's name, "unknown" for a value that has none.
TEMPEH_EXPORT std::string_view nameOf(ChannelPhase phase) noexcept;
/// Writes the name.
TEMPEH_EXPORT std::ostream& operator<<(std::ostream& out, ChannelPhase phase);

/// A snapshot of one channel.
struct ChannelInfo {
    ChannelNumber channel = 0;                   ///< Its number.
    ChannelPhase state = ChannelPhase::Opening;  ///< What it is doing.
    Transport transport = Transport::Tcp;        ///< What carries its bytes.
    /// `tcp|HOST|PORT` or `uds|PATH`, with control characters of a path as `\x0a`. Empty until bound or
    /// connected.
    std::string localAddress;
    std::string peerAddress;  ///< The same; before a client is connected, its destination.
    std::optional<PeerCredentials> peerCredentials;  ///< Of Unix sockets, where the system provides them.
    /// Of a TLS peer that presented one: clients see it from the start, servers from the hello on. Null:
    /// none.
    std::shared_ptr<const PeerCertificate> peerCertificate = nullptr;
    bool isListener = false;               ///< A listener; otherwise a connection.
    ReadMode readMode = ReadMode::Normal;  ///< As ChannelGroup::setReadMode() set it.
    bool isReadingPaused = false;          ///< It is not read: the pool is empty, or ReadMode::Paused.
    /// How long it has been read without a pause; 0 while it is not read. Only from then on does it count
    /// against the peer if it stays silent.
    Duration readingFor{};
    std::size_t sendQueueMessages = 0;  ///< Posted and not yet written.
    std::size_t sendQueueBytes = 0;     ///< The same in bytes of frames.
    Duration age{};                     ///< Time since its number was assigned.
    ChannelStats stats;                 ///< Its counters.
};

}  // namespace tempeh

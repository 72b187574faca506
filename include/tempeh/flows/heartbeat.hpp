#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/flows/peer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>

namespace tempeh::flows {

namespace detail {
class HeartbeatState;
}

/// How often to send a heartbeat, and when the peer counts as silent. An aggregate for designated
/// initialisers.
struct HeartbeatOptions {
    /// The time between heartbeats. 0: sends none and only watches the peer's traffic.
    Timeout interval = std::chrono::seconds(10);
    /// The peer counts as silent after this long without a message from it. That is noticed at most a quarter
    /// of this time later. 0: does not watch.
    Timeout silence = std::chrono::seconds(30);
};

static_assert(std::is_trivially_destructible_v<HeartbeatOptions>);  // as for ConnectOptions

/// Called when a peer falls silent, on the engine's executor. Called once until the peer is heard again. Must
/// not throw.
using SilenceHook = std::function<void(const Peer& peer)>;

/// Counters of a Heartbeat.
struct HeartbeatCounters {
    std::uint64_t sent = 0;      ///< Heartbeats sent.
    std::uint64_t silences = 0;  ///< Times the peer fell silent.
    /// The peer said in its hello that it answers heartbeats. If it did not, none are sent.
    bool isAnswered = false;
};

/// Keeps a channel alive and notices when the peer is gone. A heartbeat is an empty message with the text
/// header `heartbeat:ping`. A Peer at the other end answers each with `heartbeat:pong` by itself, and neither
/// comes out of receive(). So a heartbeat on one side is enough, even when neither application has anything
/// to say. Any other message counts as a sign of life too, so a busy peer is never silent.
///
/// Heartbeats go only to a peer that said in its hello that it answers them, as every peer of flows does. A
/// peer that did not, such as one of tofu, gets none, and its silence means nothing. For such a peer this
/// object does nothing, unless `interval` is 0: then it watches the peer's own traffic.
///
/// The peer is never blamed for what this side does not read. After a pause in reading (receive() is too
/// slow, or the pool is empty) silence counts from when reading resumes. After this process stood still it
/// looks again first.
///
/// Watching ends when this object is destroyed or the channel ends. This object does not keep the channel
/// open. Any thread.
class TEMPEH_EXPORT Heartbeat {
public:
    /// Throws Error(InvalidOption) for negative times. Without `onSilent` a silent peer is aborted: its
    /// requests and its receive() then throw Error(ChannelClosed).
    explicit Heartbeat(const Peer& peer, HeartbeatOptions options = {}, SilenceHook onSilent = nullptr);
    /// Leaves an empty handle, whose counters() throws Error(InvalidChannelNumber).
    Heartbeat(Heartbeat&&) noexcept;
    Heartbeat& operator=(Heartbeat&&) noexcept;
    ~Heartbeat();

    /// A snapshot.
    HeartbeatCounters counters() const;
    /// False after a move from it.
    explicit operator bool() const noexcept { return state_ != nullptr; }

private:
    std::shared_ptr<detail::HeartbeatState> state_;
};

}  // namespace tempeh::flows

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

/// How often to give a sign, and when the other side counts as silent. An aggregate for designated
/// initialisers.
struct HeartbeatOptions {
    /// Between the signals sent. 0: none are sent, the other side's traffic is watched alone.
    Timeout interval = std::chrono::seconds(10);
    /// Without any message from the other side for so long it is silent; noticed at most a quarter of that
    /// later. 0: nobody watches.
    Timeout silence = std::chrono::seconds(30);
};

static_assert(std::is_trivially_destructible_v<HeartbeatOptions>);  // as ConnectOptions

/// Told of a silent peer, beside the sockets; once until it is heard again. Must not throw.
using SilenceHook = std::function<void(const Peer& peer)>;

/// Counters of a Heartbeat.
struct HeartbeatCounters {
    std::uint64_t sent = 0;      ///< Signals.
    std::uint64_t silences = 0;  ///< Times the other side fell silent.
    /// The other side said in its hello that it answers. If not, nothing is asked.
    bool isAnswered = false;
};

/// Keeps a channel alive and finds out when the other side is not there any more. Its signals are empty but
/// for the text header `heartbeat:ping`; a Peer at the other end answers each with `heartbeat:pong` by
/// itself, and neither comes out of receive(). So one side's heartbeat is enough, also when both applications
/// have nothing to say; any other message counts as a sign of life too, so that a busy peer is never silent.
/// Only a peer that said in its hello that it answers (all that flows connect or let in do) is asked. To
/// another one, as one of tofu, nothing is sent, and its silence means nothing: then this does nothing at
/// all, unless `interval` is 0, which watches its own traffic.
///
/// The other side is never blamed for what this side does not read: silence counts from when reading goes on
/// after a pause (receive() too slow, the pool empty), and after this process stood still it looks again.
///
/// Ends when it is destroyed or the channel has ended; does not keep the channel open. Any thread.
class TEMPEH_EXPORT Heartbeat {
public:
    /// Throws Error(InvalidOption) for times below 0. Without `onSilent` a silent peer is aborted: its
    /// requests and receive() then throw ChannelClosed.
    explicit Heartbeat(const Peer& peer, HeartbeatOptions options = {}, SilenceHook onSilent = nullptr);
    /// Leaves an empty handle: counters() throws Error(InvalidChannelNumber).
    Heartbeat(Heartbeat&&) noexcept;
    Heartbeat& operator=(Heartbeat&&) noexcept;
    ~Heartbeat();

    /// A snapshot.
    HeartbeatCounters counters() const;
    /// False when it was moved from.
    explicit operator bool() const noexcept { return state_ != nullptr; }

private:
    std::shared_ptr<detail::HeartbeatState> state_;
};

}  // namespace tempeh::flows

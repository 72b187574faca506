#pragma once

#include <tempeh/base/duration.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace spdlog {
class logger;
}

namespace tempeh {

class TlsContext;

/// How to set up an engine. An aggregate for designated initialisers: `Options{.maxPoolMessages = 1024}`. For
/// a value out of range, Reactor's constructor throws Error(InvalidOption), which names the field, the value
/// and the range.
struct Options {
    /// Messages made in advance. 0 to maxPoolMessages; the default is lowered to a smaller maxPoolMessages.
    std::size_t initialPoolMessages = 256;
    /// The most messages in the pool. It bounds what was received and not yet given back: when all messages
    /// are out, channels stop reading, and one warning a minute names their holders. Each group still
    /// receives up to its share (this divided by the number of groups), so the real bound is twice this.
    /// Hello and bye, which never wait for the pool, come on top, and one message for each connection in the
    /// middle of a frame. Messages that an application made itself and posts do not count. Also limits how
    /// many updateReceiver() messages may wait. 1 to 16,777,216.
    std::size_t maxPoolMessages = 8192;
    /// Time for name resolution and connecting together, per HelloRequest. 1 ms or longer.
    Timeout connectTimeout = std::chrono::seconds(10);
    /// Time from accept until the HelloRequest has arrived. 1 ms or longer.
    Timeout helloTimeout = std::chrono::seconds(10);
    /// The most channels of the engine at one time, listeners included. 1 to 65,534.
    std::size_t maxChannels = 65'534;
    /// The most messages of one channel that are posted and not yet written. Messages posted behind a bye
    /// count too, as do those posted after the end until the ChannelClosed is received. Beyond it:
    /// SendQueueFull. Bye and hello messages always find room. 1 or more.
    std::size_t sendQueueMessages = 4096;
    /// The same in bytes of frames. A queue that is at most half full accepts one more message of any length.
    /// More than the caches hold makes a stream slower, not faster. 1 or more.
    std::size_t sendQueueBytes = 4 * 1024 * 1024;
    /// Where the engine logs. Null: standard error, from level warn up.
    std::shared_ptr<spdlog::logger> logger = nullptr;

    /// Time from a ByeRequest (sent or received) until the channel is closed whatever the peer does. It
    /// starts over when reading resumes after a pause (PoolEmpty, ReadMode::Paused) and when this process
    /// continues after it was stopped, as connectTimeout and helloTimeout do. 1 ms or longer.
    Timeout byeTimeout = std::chrono::seconds(5);
    /// How long a destroyed ChannelGroup or Reactor keeps sending what was posted. 0 or longer.
    Timeout lingerTimeout = std::chrono::seconds(1);
    /// How long the reactor (and a thread in the blocking facade) polls before it sleeps. Costs a core and
    /// saves the wake, which dominates the latency between cores. 0: never polls. Only a Reactor with a
    /// thread of its own polls.
    Timeout busyPoll = Duration::zero();

    /// A message that returns to the pool with more heap memory than this frees it. Bytes.
    std::size_t maxMessageHeapBytes = 128 * 1024;
    /// The most heap memory that the messages waiting in the pool keep together. Bytes.
    std::size_t maxPoolHeapBytes = 64 * 1024 * 1024;

    /// TCP_NODELAY. The engine batches by itself; Nagle's algorithm would only add delay.
    bool tcpNoDelay = true;
    /// SO_KEEPALIVE on TCP connections: the system finds out that a peer's machine is gone while nothing is
    /// sent. A heartbeat (flows) also finds a peer that hangs.
    bool tcpKeepAlive = false;
    /// With tcpKeepAlive: the silence after which the system probes the peer, the time between probes, and
    /// how many may go unanswered before the connection is lost. Rounded up to seconds. 0: the system's (on
    /// Linux two hours, 75 s and 9); otherwise 1 ms to 32,767 s, and 1 to 127 probes. Windows always uses its
    /// own.
    Timeout tcpKeepAliveIdle = Duration::zero();
    Timeout tcpKeepAliveInterval = Duration::zero();
    int tcpKeepAliveProbes = 0;
    /// TCP_USER_TIMEOUT: a connection whose sent data is not acknowledged for this long is lost. Rounded up
    /// to milliseconds. 0: the system's (on Linux about a quarter of an hour); otherwise 1 ms or longer.
    /// Linux only; ignored elsewhere.
    Timeout tcpUserTimeout = Duration::zero();
    /// The address from which TCP clients connect: an IPv4 or IPv6 literal of this machine. Addresses of the
    /// other family cannot be connected to then. Empty: the system's choice.
    std::string tcpLocalAddress = {};
    /// The network interface through which TCP clients connect (SO_BINDTODEVICE), for example "eth1".
    /// Connecting fails with ConnectFailed where the interface does not exist or the system has no such
    /// option. Empty: any.
    std::string tcpInterface = {};
    /// SO_REUSEPORT on TCP listeners: several engines, of one process or of several processes of one user,
    /// may listen on the same port at the same time, if all of them say so. The kernel then spreads
    /// connections by a hash of their addresses. To spread them evenly inside one process, use ReactorGroup
    /// instead. Where the system has no such option, listening fails with ListenFailed.
    bool tcpReusePort = false;
    /// SO_SNDBUF and SO_RCVBUF of every connection, in bytes. 0: the system's choice, except 256 KiB for
    /// sending on loopback, where a larger buffer only pushes data out of the cache.
    int sendBufferBytes = 0;
    int receiveBufferBytes = 0;
    /// Connections that the kernel queues until they are accepted.
    int listenBacklog = 4096;

    /// Seeds the choice of channel numbers. 0: seeds it from the system's entropy.
    std::uint64_t seed = 0;

    // What a peer may cost. A peer that exceeds one of these limits is counted in EngineStats and logged at
    // level debug.

    /// A frame that has begun must be complete, or at least 1 KiB further, each time this long has passed.
    /// Otherwise the channel ends with CommunicationFailed. So a peer that stops or drips in the middle of a
    /// frame is found after one to two of these periods; at the default, 40 bytes a second is fast enough.
    /// The peer is not blamed while this side does not read. 0: never; otherwise 1 ms or longer.
    Timeout frameTimeout = std::chrono::seconds(30);
    /// If a channel has something to send and the kernel takes nothing for this long (found after one to two
    /// of these periods), the channel ends with CommunicationFailed and its queue comes back. The kernel
    /// takes more when a good part of its send buffer was acknowledged, so allow minutes on a slow network.
    /// The time also runs while this side does not read, so it ends two sides that wait for each other. 0:
    /// never; a peer that does not read then costs its send queue and causes SendQueueFull. Otherwise 1 ms or
    /// longer.
    Timeout writeTimeout = Duration::zero();
    /// The most accepted connections of one listener at one time, and the most of those from one peer: one
    /// remote IP address, or one user id on a Unix socket. Further connections are closed at once. 0: no
    /// limit.
    std::size_t maxConnectionsPerListener = 0;
    std::size_t maxConnectionsPerPeer = 0;
    /// The most accepted connections of one listener that have not said hello. The next connection waits, in
    /// the kernel's queue if possible, until hellos make room. If they do not, the connection that has been
    /// silent for longest is closed, but not within its first second. So a burst of clients gets in, and a
    /// client that says hello gets in however many are silent. 0: no limit.
    std::size_t maxHandshakesPerListener = 4096;
    /// The most accepted connections from one peer that have not said hello. Further ones are closed at once.
    /// 0: no limit of its own.
    std::size_t maxHandshakesPerPeer = 0;
    /// The most connections that a listener accepts in a second, on average and at once. The next one waits,
    /// those behind it in the kernel's queue. 0: no limit.
    std::size_t maxAcceptsPerSecond = 0;
    /// The same of one peer; further connections are closed at once. An attacker that has many addresses has
    /// as many times this. 0: no limit.
    std::size_t maxAcceptsPerSecondPerPeer = 0;

    /// Warns in the log when the reactor thread has been blocked for this long (found after one to two of
    /// these periods), and names the cause if the engine knows it: a receiver that blocks, a handler on its
    /// executor. The same place is named once in ten seconds. Costs a thread, and a wake of the reactor per
    /// period. For development and diagnosis. 0 (the default): never; otherwise 1 ms or longer.
    Timeout stallWarning = Duration::zero();

    /// Certificates and trust for `tls|HOST|PORT` addresses; see <tempeh/tls.hpp>. Several engines may share
    /// one. Null: such addresses cannot be connected to or listened at.
    std::shared_ptr<TlsContext> tls = nullptr;
};

}  // namespace tempeh

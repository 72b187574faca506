#pragma once

#include <tempeh/base/duration.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace spdlog {
class logger;
}

namespace tempeh {

/// How an engine is set up. An aggregate for designated initialisers: `Options{.maxPoolMessages = 1024}`.
/// Values outside their range make the Reactor's constructor throw Error(InvalidOption) naming the field, the
/// value and the range.
struct Options {
    /// Messages made at once. 0 to maxPoolMessages; the default follows a smaller maxPoolMessages.
    std::size_t initialPoolMessages = 256;
    /// Messages in the pool at most. Bounds what is received and not yet handed back: when they are all out,
    /// channels stop reading, and one warning a minute names who has them. Each group receives up to its
    /// share (this, divided by the number of groups) all the same, so the bound is twice this; on top come
    /// hello and bye, which never wait for the pool, and a message for each connection in the middle of a
    /// frame. What an application made itself and posts does not count. Also bounds the updateReceiver()
    /// calls that wait. 1 to 16,777,216.
    std::size_t maxPoolMessages = 8192;
    /// Name resolution and connecting together, per HelloRequest. 1 ms and up.
    Timeout connectTimeout = std::chrono::seconds(10);
    /// From accept until the HelloRequest is in. 1 ms and up.
    Timeout helloTimeout = std::chrono::seconds(10);
    /// Channels of the engine at one time, listeners included. 1 to 65,534.
    std::size_t maxChannels = 65'534;
    /// Per channel: posted and not yet written, messages; what is posted behind a bye, and after the end
    /// until that is received, counts too. Beyond: SendQueueFull. Bye and hello messages always find a place.
    /// 1 and up.
    std::size_t sendQueueMessages = 4096;
    /// Per channel: the same in bytes of frames. A queue that is at most half full
    /// takes one message more, however long. 1 and up.
    std::size_t sendQueueBytes = 64 * 1024 * 1024;
    /// Where the engine logs; null: standard error, from level warn up.
    std::shared_ptr<spdlog::logger> logger = nullptr;

    /// From a ByeRequest (sent or received) until the channel is closed whatever the other side does. Begins
    /// anew when the channel is read again after a pause (PoolEmpty, ReadMode::Paused), or when this process
    /// goes on after it was stopped, as connectTimeout and helloTimeout do. 1 ms and up.
    Timeout byeTimeout = std::chrono::seconds(5);
    /// How long a destroyed ChannelGroup or Reactor goes on sending what was posted before it gives up. 0 and
    /// up.
    Timeout lingerTimeout = std::chrono::seconds(1);
    /// How long the reactor (and a thread in the blocking facade) polls before it sleeps: costs a core, saves
    /// the wake, which dominates latency between cores. 0: never polls. Only a Reactor with a thread of its
    /// own polls.
    Timeout busyPoll = Duration::zero();

    /// A message that comes back to the pool holding more heap bytes than this gives them back. Bytes.
    std::size_t maxMessageHeapBytes = 128 * 1024;
    /// Heap bytes that the messages waiting in the pool keep together, at most. Bytes.
    std::size_t maxPoolHeapBytes = 64 * 1024 * 1024;

    /// TCP_NODELAY. The engine batches by itself; Nagle's algorithm would only add delay.
    bool tcpNoDelay = true;
    /// SO_KEEPALIVE on TCP connections, with the system's intervals.
    bool tcpKeepAlive = false;
    /// SO_SNDBUF and SO_RCVBUF of every connection; 0: the system's choice, but 256 KiB to send on loopback,
    /// where a larger one only moves what is on its way out of the cache. Bytes.
    int sendBufferBytes = 0;
    int receiveBufferBytes = 0;
    /// Connections the kernel holds until they are accepted.
    int listenBacklog = 4096;

    /// Seeds the choice of channel numbers; 0: from the system's entropy.
    std::uint64_t seed = 0;

    // What peers may cost. Who runs into one of these is counted in EngineStats and logged at level debug.

    /// A frame that has begun must be complete, or at least 1 KiB further, each time this long has passed:
    /// else the channel ends with CommunicationFailed. So a peer that stops or drips in the middle of a frame
    /// is found after one to two of these, and a network of 40 bytes a second is fast enough at the default.
    /// While this side does not read the peer is not blamed. 0: never; else 1 ms and up.
    Timeout frameTimeout = std::chrono::seconds(30);
    /// A channel with something to send of which the kernel took nothing for this long (found after one to
    /// two of it) ends with CommunicationFailed, and what is queued comes back. The kernel takes more when a
    /// good part of its send buffer has been acknowledged: give a slow network minutes. Counts also while
    /// this side does not read, so it ends two that wait for each other. 0: never, a peer that does not read
    /// costs its send queue and gives SendQueueFull; else 1 ms and up.
    Timeout writeTimeout = Duration::zero();
    /// Accepted connections of one listener at one time, and those among them from one peer: one remote IP
    /// address, or one user id on a Unix socket. The next one is closed at once. 0: no limit.
    std::size_t maxConnectionsPerListener = 0;
    std::size_t maxConnectionsPerPeer = 0;
    /// Accepted connections of one listener that have not said hello. The next one waits, in the kernel's
    /// queue at best, until hellos make room; where they do not, the one that has been silent for longest is
    /// closed for it, but not within its first second. So a herd of clients that come at once gets in, and
    /// whoever says hello gets in however many are silent. 0: no limit.
    std::size_t maxHandshakesPerListener = 4096;

    /// A watchdog: warns in the log when the reactor's thread has been held for so long (found after one to
    /// two of it), and by what as far as the engine knows: a receiver that blocks, a handler on its executor.
    /// The same place is named once in ten seconds. Costs a thread, and a wake of the reactor each time this
    /// has passed. For development and for finding out; 0: never, the default; else 1 ms and up.
    Timeout stallWarning = Duration::zero();
};

}  // namespace tempeh

#pragma once

#include <tempeh/flows/connect.hpp>
#include <tempeh/flows/peer.hpp>

#include <cstdint>
#include <string_view>
#include <utility>

namespace tempeh::flows {

/// A Peer for threads: the same operations as calls that block. A cheap handle; copies share the channel. Any
/// thread may call it, and several may at once. On the engine's own thread a call that would have to wait
/// throws Error(NotAllowed), because it would wait for itself. All other errors are those of Peer.
class TEMPEH_EXPORT BlockingPeer {
public:
    BlockingPeer() noexcept = default;
    /// Shares the channel of `peer`.
    explicit BlockingPeer(Peer peer) noexcept : peer_(std::move(peer)) {}

    /// As Peer::send(): waits for room in the send queue.
    void send(MessagePtr message) const;
    /// As Peer::send() with a limit. Returns false if there is no room in time; then the message was not
    /// sent.
    bool send(MessagePtr message, Timeout timeout) const;
    /// As Peer::trySend(): returns false if there is no room, and the caller keeps the message.
    bool trySend(MessagePtr&& message) const { return peer_.trySend(std::move(message)); }
    /// As Peer::receive(): returns null at the timeout. One receiver at a time.
    MessagePtr receive(Timeout timeout = infinite) const;
    /// As Peer::request(): returns the answer, null at the timeout. Several threads may call it at once.
    /// `onSignal` runs on the calling thread.
    MessagePtr request(MessagePtr message, Timeout timeout = infinite,
                       const SignalHandler& onSignal = nullptr) const;
    /// As Peer::respond().
    void respond(MessagePtr request) const;
    void respond(MessagePtr request, std::string_view body, std::uint8_t status = 0) const;
    /// As Peer::close(). Throws Error(CommunicationFailed) when the engine's thread has not moved for some
    /// seconds.
    MessagePtr close(MessagePtr bye = nullptr) const;
    void abort() const noexcept { peer_.abort(); }
    /// As the same calls of Peer.
    void pauseReading() const { peer_.pauseReading(); }
    void resumeReading() const { peer_.resumeReading(); }

    /// As the same calls of Peer.
    ChannelInfo info() const { return peer_.info(); }
    PeerCounters counters() const { return peer_.counters(); }
    bool isOpen() const noexcept { return peer_.isOpen(); }
    ChannelNumber channel() const { return peer_.channel(); }
    const Message* hello() const { return peer_.hello(); }
    MessagePtr newMessage(OpCode opCode = OpCode::Request) const { return peer_.newMessage(opCode); }
    MessagePtr newMessage(OpCode opCode, std::string_view body) const {
        return peer_.newMessage(opCode, body);
    }
    /// The former name of newMessage(). Deprecated; removed in 0.3.
    [[deprecated("use newMessage()")]] MessagePtr get(OpCode opCode = OpCode::Request) const {
        return newMessage(opCode);
    }
    [[deprecated("use newMessage()")]] MessagePtr get(OpCode opCode, std::string_view body) const {
        return newMessage(opCode, body);
    }

    /// As Peer::traced().
    BlockingPeer traced(const TraceContext& context) const { return BlockingPeer(peer_.traced(context)); }
    BlockingPeer traced(const Message& request) const { return BlockingPeer(peer_.traced(request)); }

    /// As Peer::timed().
    BlockingPeer timed() const { return BlockingPeer(peer_.timed()); }

    /// The same channel, for coroutines.
    const Peer& peer() const noexcept { return peer_; }
    explicit operator bool() const noexcept { return static_cast<bool>(peer_); }

private:
    Peer peer_;
};

/// As connect(), for threads. Also throws Error(NotAllowed) on the engine's own thread. The timeout holds
/// even if nothing runs the engine's context; then the call returns half a second later.
TEMPEH_EXPORT BlockingPeer connectBlocking(Ampe& engine, const Address& address, ConnectOptions options = {});
TEMPEH_EXPORT BlockingPeer connectBlocking(Ampe& engine, std::string_view address,
                                           ConnectOptions options = {});
TEMPEH_EXPORT BlockingPeer connectBlocking(Ampe& engine, const Endpoints& addresses,
                                           ConnectOptions options = {});

}  // namespace tempeh::flows

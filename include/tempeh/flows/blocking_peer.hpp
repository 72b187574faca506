#pragma once

#include <tempeh/flows/connect.hpp>
#include <tempeh/flows/peer.hpp>

#include <cstdint>
#include <string_view>
#include <utility>

namespace tempeh::flows {

/// A Peer for threads: the same verbs as plain calls that block. A cheap handle, copies share the channel;
/// any thread, several at once. Where they would wait on the engine's own thread, which they wait for, the
/// calls throw Error(NotAllowed). Errors otherwise as Peer's.
class TEMPEH_EXPORT BlockingPeer {
public:
    BlockingPeer() noexcept = default;
    /// The same channel as that of `peer`.
    explicit BlockingPeer(Peer peer) noexcept : peer_(std::move(peer)) {}

    /// As Peer::send: waits for room in the send queue.
    void send(MessagePtr message) const;
    /// As Peer::send with a limit: false when there was no room by then, and the message was not sent.
    bool send(MessagePtr message, Timeout timeout) const;
    /// As Peer::trySend: false without room, and the caller keeps the message.
    bool trySend(MessagePtr&& message) const { return peer_.trySend(std::move(message)); }
    /// As Peer::receive: null at the timeout; one receiver at a time.
    MessagePtr receive(Timeout timeout = infinite) const;
    /// As Peer::request: the answer, null at the timeout; several threads may ask at one time. `onSignal` is
    /// called on this thread.
    MessagePtr request(MessagePtr message, Timeout timeout = infinite,
                       const SignalHandler& onSignal = nullptr) const;
    /// As Peer::respond.
    void respond(MessagePtr request) const;
    void respond(MessagePtr request, std::string_view body, std::uint8_t status = 0) const;
    /// As Peer::close; CommunicationFailed when the engine's thread has not moved for some seconds.
    MessagePtr close(MessagePtr bye = nullptr) const;
    void abort() const noexcept { peer_.abort(); }

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
    /// What newMessage() was called. Deprecated; goes with 0.3.
    [[deprecated("use newMessage()")]] MessagePtr get(OpCode opCode = OpCode::Request) const {
        return newMessage(opCode);
    }
    [[deprecated("use newMessage()")]] MessagePtr get(OpCode opCode, std::string_view body) const {
        return newMessage(opCode, body);
    }

    /// As Peer::traced.
    BlockingPeer traced(const TraceContext& context) const { return BlockingPeer(peer_.traced(context)); }
    BlockingPeer traced(const Message& request) const { return BlockingPeer(peer_.traced(request)); }

    /// The same channel for coroutines.
    const Peer& peer() const noexcept { return peer_; }
    explicit operator bool() const noexcept { return static_cast<bool>(peer_); }

private:
    Peer peer_;
};

/// As connect(), for threads. Also throws Error(NotAllowed) on the engine's own thread. The timeout holds,
/// half a second later, also where nobody runs the engine's context.
TEMPEH_EXPORT BlockingPeer connectBlocking(Ampe& engine, const Address& address, ConnectOptions options = {});
TEMPEH_EXPORT BlockingPeer connectBlocking(Ampe& engine, std::string_view address,
                                           ConnectOptions options = {});

}  // namespace tempeh::flows

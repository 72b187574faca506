#pragma once

#include "flows/peer/peer_state.hpp"

#include <tempeh/flows/peer.hpp>

namespace tempeh::flows::detail {

// What a Peer does, as coroutines. They own what they are given, so that they may outlive the handle.

asio::awaitable<void> send(PeerPtr peer, MessagePtr message);
/// False: there was no room until the deadline.
asio::awaitable<bool> sendInTime(PeerPtr peer, MessagePtr message, Duration timeout);
/// False: there is no room. Then, and when it throws, the message is still there.
bool trySend(PeerState& peer, MessagePtr& message);
/// Sends without anybody waiting: at once where there is room, else as soon as there is. Throws
/// std::bad_alloc.
void sendSoon(const PeerPtr& peer, MessagePtr message);
/// `unsent`, if given, outlives the call and gets the message when that provably never left.
asio::awaitable<MessagePtr> request(PeerPtr peer, MessagePtr message, Duration timeout,
                                    SignalHandler onSignal, MessagePtr* unsent = nullptr);
asio::awaitable<MessagePtr> close(PeerPtr peer, MessagePtr bye);
/// The rest of close(): the bye is said.
asio::awaitable<MessagePtr> awaitFarewell(PeerPtr peer);

/// Posts the message; waits for room. False: the deadline came first, and the message is still there. Throws
/// Error. Outlived by what it refers to.
asio::awaitable<bool> postInTime(PeerState& peer, MessagePtr& message, TimePoint deadline);

/// Throws Error: NullMessage, InvalidOpCode.
void requireRequest(const MessagePtr& message);
/// Whether the message came from that peer, or from none. Throws Error(InvalidChannelNumber).
void requireFrom(const PeerState& peer, const Message& request);
/// Makes a received message the answer to itself. Throws Error(InvalidOpCode).
void turnIntoAnswer(Message& message);
/// The same with this body and status, without text headers.
void turnIntoAnswer(Message& message, std::string_view body, std::uint8_t status);

}  // namespace tempeh::flows::detail

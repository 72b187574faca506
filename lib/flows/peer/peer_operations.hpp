#pragma once

#include "flows/peer/peer_state.hpp"

#include <tempeh/flows/peer.hpp>

namespace tempeh::flows::detail {

// The operations of a Peer as coroutines. They own their arguments, so that they may outlive the handle.

asio::awaitable<void> send(PeerPtr peer, MessagePtr message);
/// False: there was no room before the deadline.
asio::awaitable<bool> sendInTime(PeerPtr peer, MessagePtr message, Duration timeout);
/// False: there is no room. Then, and when it throws, the message is still there.
bool trySend(PeerState& peer, MessagePtr& message);
/// Sends in the background: at once if there is room, otherwise as soon as there is. Throws std::bad_alloc.
void sendSoon(const PeerPtr& peer, MessagePtr message);
/// `unsent`, if given, must outlive the call, and gets the message if it provably was not sent.
asio::awaitable<MessagePtr> request(PeerPtr peer, MessagePtr message, Duration timeout,
                                    SignalHandler onSignal, MessagePtr* unsent = nullptr);
asio::awaitable<MessagePtr> close(PeerPtr peer, MessagePtr bye);
/// The rest of close(), once the bye is said.
asio::awaitable<MessagePtr> awaitFarewell(PeerPtr peer);

/// Posts the message and waits for room. False: the deadline passed first, and the message is still there.
/// Throws Error. What it refers to must outlive it.
asio::awaitable<bool> postInTime(PeerState& peer, MessagePtr& message, TimePoint deadline);

/// Throws Error: NullMessage, InvalidOpCode.
void requireRequest(const MessagePtr& message);
/// Checks that the message came from that peer, or from none. Throws Error(InvalidChannelNumber).
void requireFrom(const PeerState& peer, const Message& request);
/// Turns a received message into its answer. Throws Error(InvalidOpCode).
void turnIntoAnswer(Message& message);
/// The same with this body and status, without text headers.
void turnIntoAnswer(Message& message, std::string_view body, std::uint8_t status);

}  // namespace tempeh::flows::detail

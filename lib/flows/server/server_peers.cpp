// What a server knows of the peers it serves, and says to all of them.

#include "flows/peer/message_copy.hpp"
#include "flows/peer/peer_access.hpp"
#include "flows/server/server_core.hpp"

#include <tempeh/flows/server.hpp>
#include <tempeh/wire/address.hpp>

#include <algorithm>

namespace tempeh::flows {

namespace detail {

void ServerCore::addPeers(std::vector<Peer>& peers) {
    forEachTask([&peers](const HandlerTask& task) {
        PeerPtr peer = task.peer();
        if (peer != nullptr) peers.push_back(PeerAccess::make(std::move(peer)));
    });
}

void ServerCore::broadcast(const Message& signal, const PeerFilter& filter, Broadcast& result) {
    forEachTask([&](const HandlerTask& task) {
        const PeerPtr peer = task.peer();
        if (peer == nullptr || !peer->isOpen() || peer->isSayingBye()) return;
        if (filter != nullptr && !filter(PeerAccess::make(peer))) return;
        MessagePtr copy = hub_->engine().get();
        copyMessage(signal, *copy);
        const error_code ec = peer->post(copy);
        if (!ec)
            ++result.taken;
        else if (ec == Status::SendQueueFull)
            result.tooSlow.push_back(PeerAccess::make(peer));
        else if (peer->isOpen())
            throw Error(ec);  // the message is invalid, for this peer as for every other
    });
}

}  // namespace detail

std::vector<Peer> Server::peers() const {
    std::vector<Peer> peers;
    for (const detail::ServerPtr& core : cores())
        core->addPeers(peers);
    return peers;
}

Broadcast Server::broadcast(const Message& signal, const PeerFilter& filter) const {
    const OpCode opCode = signal.header.opCode;
    if (opCode != OpCode::Signal)
        throw Error(make_error_code(Status::InvalidOpCode),
                    std::string(nameOf(opCode)) + ": only a Signal goes to many peers");
    if (signal.hasMore()) throw Error(Status::InvalidMoreUsage);
    Broadcast result;
    for (const detail::ServerPtr& core : cores())
        core->broadcast(signal, filter, result);
    return result;
}

void Server::close(const Peer& peer, std::string_view reason) const {
    const detail::PeerPtr& state = detail::PeerAccess::state(peer);
    const auto isItsHub = [&state](const detail::ServerPtr& core) { return &core->hub() == &state->hub(); };
    if (std::ranges::none_of(cores(), isItsHub)) throw Error(Status::InvalidChannelGroup);
    MessagePtr bye(new Message());
    if (!reason.empty()) bye->textHeaders.append(wire::reasonHeader, reason);
    state->sayBye(std::move(bye));
}

}  // namespace tempeh::flows

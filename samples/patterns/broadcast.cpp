// Shows: a server that knows its peers, tells all of them, and sends one away with a reason.
// Use it when: news go to everybody who is connected, and one slow client must not hold up the others.
// Prints: who is there, who got the news, and what the client that was sent away finds.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fmt/core.h>

#include <string>
#include <string_view>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using tempeh::MessagePtr, tempeh::OpCode;

// Stays until the client goes.
asio::awaitable<void> host(flows::Peer client) {
    for (;;)
        co_await client.receive();
}

flows::BlockingPeer join(tempeh::Ampe& engine, const tempeh::Address& address, std::string_view name) {
    const tempeh::TextHeader header{"name", name};
    return flows::connectBlocking(engine, address, {.headers = {&header, 1}});
}

std::string nameOf(const flows::Peer& peer) {
    return std::string(peer.hello()->textHeaders.find("name").value_or("?"));
}

void tell(const flows::Server& server, std::string_view text) {
    const MessagePtr news(new tempeh::Message());
    news->header.opCode = OpCode::Signal;
    news->body.append(text);
    const flows::Broadcast result = server.broadcast(*news);
    for (const flows::Peer& peer : result.tooSlow)
        server.close(peer, "too slow");
    fmt::print("'{}' went to {}\n", text, result.taken);
}

int main() {
    tempeh::Reactor engine;
    flows::Server server(engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}});
    asio::co_spawn(engine.executor(), server.serve(host), asio::detached);
    const tempeh::Address address = server.addresses().front();

    const flows::BlockingPeer ann = join(engine, address, "Ann");
    const flows::BlockingPeer bob = join(engine, address, "Bob");
    tell(server, "dinner is ready");
    fmt::print("Ann hears: {}\n", ann.receive()->body.view());
    fmt::print("Bob hears: {}\n", bob.receive()->body.view());

    for (const flows::Peer& peer : server.peers())
        if (nameOf(peer) == "Bob") server.close(peer, "your plate is empty");
    try {
        bob.receive();  // the bye
        bob.receive();
    } catch (const tempeh::Error&) {
        fmt::print("Bob: {}\n", bob.peer().endReason());
    }
    tell(server, "more for us");
    fmt::print("Ann hears: {}\n", ann.receive()->body.view());
}

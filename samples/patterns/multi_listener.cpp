// Shows: one server on TCP and Unix sockets at the same time, and what it knows about each client.
// Use it when: local clients should need no port and cannot lie about who they are; remote ones use TCP.
// Prints: how each client connected.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <chrono>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

asio::awaitable<void> describe(flows::Peer client) {
    const tempeh::ChannelInfo info = client.info();
    std::string text = info.transport == tempeh::Transport::Tcp ? "TCP" : "a Unix socket";
    if (info.peerCredentials)  // the kernel vouches for these
        text +=
            info.peerCredentials->pid == ::getpid() ? ", from this very process" : ", from another process";
    for (;;) {
        MessagePtr request = co_await client.receive();
        if (request->header.opCode == OpCode::Request) co_await client.respond(std::move(request), text);
    }
}

asio::awaitable<void> askAll(tempeh::Ampe& engine, std::vector<tempeh::Address> addresses) {
    for (const tempeh::Address& address : addresses) {
        flows::Peer server = co_await flows::connect(engine, address);
        MessagePtr request = server.newMessage(OpCode::Request, "how did I come in?");
        const MessagePtr answer = co_await server.request(std::move(request), 10s);
        fmt::print("over {}\n", answer ? answer->body.view() : "nothing");
        co_await server.close();
    }
}

int main() {
    tempeh::Reactor engine;
    flows::Server server(engine, {
                                     tempeh::TcpServerAddress{"127.0.0.1", 0},  // any free port
                                     tempeh::UdsServerAddress{"", 0600},        // a fresh path, for this user
                                     tempeh::UdsServerAddress{"@" + tempeh::temporaryUdsPath()},  // no file
                                 });
    asio::co_spawn(engine.executor(), server.serve(describe), asio::detached);
    asio::co_spawn(engine.executor(), askAll(engine, server.addresses()), asio::use_future).get();
}

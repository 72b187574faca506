// Shows: a client that knows several servers and goes on with the next when one is gone.
// Use it when: a service has replicas, or can be reached over two networks.
// Prints: which server answered, before and after the first one was stopped.

#include <tempeh/all.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

asio::awaitable<void> answer(flows::Peer client, std::string name) {
    for (;;) {
        MessagePtr request = co_await client.receive();
        if (request->header.opCode == OpCode::Request) co_await client.respond(std::move(request), name);
    }
}

std::unique_ptr<flows::Server> start(tempeh::Ampe& engine, std::string name, asio::any_io_executor executor) {
    auto server =
        std::make_unique<flows::Server>(engine, std::vector<tempeh::Address>{tempeh::UdsServerAddress{}});
    const flows::Handler handler = [name](flows::Peer client) { return answer(std::move(client), name); };
    asio::co_spawn(executor, server->serve(handler), asio::detached);
    return server;
}

asio::awaitable<std::string> ask(flows::ReconnectingPeer servers) {
    const MessagePtr response = co_await servers.request(servers.newMessage(OpCode::Request), 30s);
    co_return std::string(response ? response->body.view() : "nobody");
}

// Tries one address after the other, then pauses; after a loss it begins with the one it was connected to.
flows::ReconnectingPeer connectToOneOf(tempeh::Ampe& engine, const std::vector<tempeh::Address>& servers) {
    const flows::Backoff backoff{.initial = 10ms, .max = 1s};
    const flows::ReconnectOptions options{.backoff = backoff,
                                          .unanswered = flows::Unanswered::SendAgain,
                                          .order = flows::EndpointOrder::InOrder,
                                          .failover = flows::Failover::Sticky};
    return flows::ReconnectingPeer(engine, servers, options);
}

int main() {
    tempeh::Reactor engine;
    std::unique_ptr<flows::Server> first = start(engine, "the first", engine.executor());
    const std::unique_ptr<flows::Server> second = start(engine, "the second", engine.executor());
    tempeh::Reactor client;
    const flows::ReconnectingPeer servers =
        connectToOneOf(client, {first->addresses().front(), second->addresses().front()});
    fmt::print("{} answers\n", asio::co_spawn(client.executor(), ask(servers), asio::use_future).get());
    first.reset();
    fmt::print("{} answers\n", asio::co_spawn(client.executor(), ask(servers), asio::use_future).get());
}

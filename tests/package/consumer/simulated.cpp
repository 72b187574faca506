// A user's test of his protocol, on the simulated network. Exit status 0 when the answer came, in virtual
// time.

#include <tempeh/all.hpp>
#include <tempeh/testing.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode, tempeh::testing::SimulatedNetwork;

namespace {

asio::awaitable<void> answer(flows::Peer client) {
    for (;;) {
        MessagePtr request = co_await client.receive();
        if (request->header.opCode == OpCode::Request) co_await client.respond(std::move(request), "pong");
    }
}

asio::awaitable<void> ask(tempeh::Ampe& engine, bool& isAnswered) {
    flows::Peer server = co_await flows::connect(engine, tempeh::TcpClientAddress{"server", 7099});
    const MessagePtr response = co_await server.request(server.newMessage(OpCode::Request, "ping"), 1h);
    isAnswered = response != nullptr && response->body.view() == "pong";
}

// The same in each run: what the library draws comes from the seed, in whichever library it is drawn.
std::uint64_t runOnce() {
    tempeh::testing::SimulationOptions options;
    options.seed = 7;
    SimulatedNetwork network(options);
    tempeh::Ampe& serverEngine = network.createEngine("server");
    tempeh::Ampe& client = network.createEngine("client");
    bool isAnswered = false;
    {
        flows::Server server(serverEngine, {tempeh::TcpServerAddress{"", 7099}});
        network.spawn("server", server.serve(answer));
        network.spawn("client", ask(client, isAnswered));
        tempeh::testing::require(network.runUntil([&] { return isAnswered; }), "no answer");
    }
    return network.traceHash();
}

}  // namespace

int main() try {
    tempeh::testing::require(runOnce() == runOnce(), "two runs of one seed differ");
    std::puts("simulated");
} catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
}

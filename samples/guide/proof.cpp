// Guide, step 8: the same conversation on a network that breaks, in virtual
// time, a hundred times in another way.

#include <tempeh/flows.hpp>
#include <tempeh/testing.hpp>

#include <fmt/core.h>

#include <chrono>
#include <set>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;
using tempeh::testing::SimulatedNetwork, tempeh::testing::SimulationOptions;

constexpr int total = 20;

// Keeps each reading once, however often it comes.
asio::awaitable<void> note(flows::Peer station, std::set<std::string>& noted) {
    for (;;) {
        MessagePtr message = co_await station.receive();
        if (message->header.opCode != OpCode::Request) continue;
        noted.insert(std::string(message->body.view()));
        co_await station.respond(std::move(message));
    }
}

asio::awaitable<void> report(tempeh::Ampe& engine, int& confirmed) {
    const flows::ReconnectOptions options{
        .attemptTimeout = 2s, .unanswered = flows::Unanswered::SendAgain};
    const tempeh::TcpClientAddress address{"centre", 7099};
    const flows::ReconnectingPeer centre(engine, address, options);
    while (confirmed < total) {
        MessagePtr reading =
            centre.newMessage(OpCode::Request, std::to_string(confirmed));
        if (co_await centre.request(std::move(reading), 5s)) ++confirmed;
    }
    co_await centre.close();
}

// What must be true, whatever the network does.
void reportOn(SimulatedNetwork& network) {
    tempeh::Ampe& centre = network.createEngine("centre");
    tempeh::Ampe& station = network.createEngine("station");
    std::set<std::string> noted;
    int confirmed = 0;
    flows::Server server(centre, {tempeh::TcpServerAddress{"", 7099}});
    network.spawn("centre", server.serve([&noted](flows::Peer peer) {
        return note(std::move(peer), noted);
    }));
    network.spawn("station", report(station, confirmed));

    const bool isDone = network.runUntil([&] { return confirmed == total; });
    tempeh::testing::require(isDone, "the station got stuck");
    tempeh::testing::require(noted.size() == total, "a reading is missing");
}

int main() {
    const SimulationOptions options{.seed = 1, .resets = 0.02, .refusals = 0.1};
    const bool isRight = tempeh::testing::forEachSeed(100, options, reportOn);
    fmt::print("100 seeds: {}\n", isRight ? "nothing is ever lost" : "no");
    return isRight ? 0 : 1;
}

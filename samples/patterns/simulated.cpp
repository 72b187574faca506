// Shows: a protocol tested under 1,000 seeds of a simulated network, in virtual time.
// Use it when: a protocol has to hold on a network that delays, cuts off and resets, and not only on yours.
// Prints: what the seeds found in a careless transfer, and what they found in a careful one.

#include <tempeh/flows.hpp>
#include <tempeh/testing.hpp>

#include <fmt/core.h>

#include <chrono>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;
using tempeh::testing::SimulatedNetwork, tempeh::testing::SimulationOptions;

// The protocol: "pay" takes one coin out of an account. A careful server knows which payments it has made.
struct Account {
    int coins = 10;
    std::set<std::string> paid = {};
    bool isCareful = false;

    void pay(const std::string& payment) {
        if (isCareful && !paid.insert(payment).second) return;  // it asks again; the answer was lost
        --coins;
    }
};

asio::awaitable<void> serve(flows::Peer client, Account& account) {
    for (;;) {
        MessagePtr request = co_await client.receive();
        if (request->header.opCode != OpCode::Request) continue;
        account.pay(std::string(request->body.view()));
        co_await client.respond(std::move(request));
    }
}

// Asks until there is an answer, on as many connections as it takes.
asio::awaitable<void> payThreeTimes(tempeh::Ampe& engine, int& confirmed) {
    const flows::ReconnectOptions options{.attemptTimeout = 2s, .unanswered = flows::Unanswered::SendAgain};
    const flows::ReconnectingPeer bank(engine, tempeh::TcpClientAddress{"bank", 7099}, options);
    while (confirmed < 3) {
        const std::string payment = fmt::format("payment {}", confirmed);
        const MessagePtr answer = co_await bank.request(bank.newMessage(OpCode::Request, payment), 5s);
        if (answer != nullptr) ++confirmed;
    }
    co_await bank.close();
}

// One seed: a network that may do anything, and what must be true afterwards.
void payOn(SimulatedNetwork& network, bool isCareful) {
    tempeh::Ampe& bank = network.createEngine("bank");
    tempeh::Ampe& customer = network.createEngine("customer");
    Account account{.isCareful = isCareful};
    int confirmed = 0;
    flows::Server server(bank, {tempeh::TcpServerAddress{"", 7099}});
    network.spawn("bank",
                  server.serve([&](flows::Peer client) { return serve(std::move(client), account); }));
    network.spawn("customer", payThreeTimes(customer, confirmed));
    tempeh::testing::require(network.runUntil([&] { return confirmed == 3; }), "nobody confirms any more");
    tempeh::testing::require(account.coins == 7, "a payment was made twice");
}

// Whether the protocol holds; the first seed that breaks it is printed with the last things that happened.
bool holds(bool isCareful) {
    const SimulationOptions options{.seed = 1, .resets = 0.05, .refusals = 0.1};
    std::ostringstream report;
    const bool isWell = tempeh::testing::forEachSeed(
        1000, options, [isCareful](SimulatedNetwork& network) { payOn(network, isCareful); }, report);
    const std::string text = report.str();
    if (!isWell) fmt::print("{}\n", text.substr(text.find("failed"), text.find('\n') - text.find("failed")));
    return isWell;
}

int main() {
    fmt::print("careless: {}\n", holds(false) ? "1000 seeds hold" : "does not hold");
    fmt::print("careful: {}\n", holds(true) ? "1000 seeds hold" : "does not hold");
}

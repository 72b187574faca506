// Shows: after the hello both sides are equal: the server asks its client before it answers.
// Use it when: the side that accepted the connection needs to send requests too.
// Prints: the questions and answers in order.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

// One request from either side, printed with its answer.
asio::awaitable<std::string> ask(flows::Peer other, std::string who, std::string question) {
    fmt::print("{} asks: {}\n", who, question);
    const MessagePtr answer = co_await other.request(other.newMessage(OpCode::Request, question), 10s);
    if (!answer) throw std::runtime_error("no answer");
    co_return std::string(answer->body.view());
}

asio::awaitable<void> sell(flows::Peer customer) {
    for (;;) {
        MessagePtr request = co_await customer.receive();
        if (request->header.opCode != OpCode::Request) continue;
        const std::string currency = co_await ask(customer, "shop", "in which currency?");
        co_await customer.respond(std::move(request), "0.50 " + currency);
    }
}

// Answers the shop's questions while the customer's own request waits.
asio::awaitable<void> answerTheShop(flows::Peer shop) {
    for (;;) {
        MessagePtr request = co_await shop.receive();
        if (request->header.opCode != OpCode::Request) continue;
        co_await shop.respond(std::move(request), "EUR");
    }
}

asio::awaitable<void> buy(tempeh::Ampe& engine, tempeh::Address address) {
    flows::Peer shop = co_await flows::connect(engine, address);
    asio::co_spawn(shop.executor(), answerTheShop(shop), asio::detached);  // ends with the channel
    const std::string price = co_await ask(shop, "customer", "what is an apple?");
    fmt::print("customer pays: {}\n", price);
    co_await shop.close();
}

int main() {
    tempeh::Reactor engine;
    flows::Server server(engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}});
    asio::co_spawn(engine.executor(), server.serve(sell), asio::detached);
    asio::co_spawn(engine.executor(), buy(engine, server.addresses().front()), asio::use_future).get();
}

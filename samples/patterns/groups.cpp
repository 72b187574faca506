// Shows: one engine, two groups, each with its own receiver: a shop, and a back door for its manager.
// Use it when: parts of a program should neither see nor wait for each other's messages. Groups cost little.
// Prints: the conversations, the last of them after the shop has closed.

#include <tempeh/flows/blocking_peer.hpp>
#include <tempeh/tempeh.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using tempeh::ChannelGroup, tempeh::MessagePtr, tempeh::OpCode, tempeh::Status;
using Answer = std::function<std::string(std::string_view question)>;

tempeh::Address listen(tempeh::Ampe& engine, ChannelGroup& group, const tempeh::Address& at) {
    MessagePtr welcome = engine.get();
    tempeh::format(at, *welcome);
    group.post(std::move(welcome));
    return tempeh::parseAddress(*group.blocking().waitReceive());
}

// Receives only the messages of this group, until somebody updates the receiver.
asio::awaitable<void> serve(ChannelGroup group, Answer answer) {
    for (;;) {
        MessagePtr message = co_await group.waitReceive();
        if (message->status() == Status::ReceiverUpdate) co_return;  // destroys the group: its channels close
        if (message->isFromEngine()) continue;
        if (message->header.opCode == OpCode::HelloRequest) {
            message->header.opCode = OpCode::HelloResponse;
        } else if (message->header.opCode == OpCode::Request) {
            message->header.opCode = OpCode::Response;
            message->body.assign(answer(message->body.view()));
        } else {
            continue;
        }
        group.post(std::move(message));
    }
}

void ask(const flows::BlockingPeer& peer, std::string_view who, std::string_view question) {
    try {
        const MessagePtr answer = peer.request(peer.newMessage(OpCode::Request, question));
        fmt::print("{}: {} - {}\n", who, question, answer->body.view());
    } catch (const tempeh::Error& error) {
        fmt::print("{}: {} - {}\n", who, question, tempeh::nameOf(error.status()));
    }
}

// The news that the shop is closed is on its way to the customer: a question asked meanwhile may fail
// otherwise.
void waitForEnd(const flows::BlockingPeer& peer) {
    try {
        for (;;)
            peer.receive();
    } catch (const tempeh::Error&) {
        return;
    }
}

int main() {
    int sold = 0;  // needs no lock: both receivers run on the engine's thread
    tempeh::Reactor engine;
    ChannelGroup shop = engine.createGroup();
    ChannelGroup backDoor = engine.createGroup();
    const tempeh::Address street = listen(engine, shop, tempeh::TcpServerAddress{"127.0.0.1", 0});
    const tempeh::Address yard = listen(engine, backDoor, tempeh::UdsServerAddress{"", 0600});

    const auto sell = [&sold](std::string_view) { return fmt::format("sold, number {}", ++sold); };
    const auto manage = [&sold, closeShop = shop.blocking()](std::string_view question) {
        if (question == "close!") closeShop.updateReceiver();
        return fmt::format("{} sold", sold);
    };
    auto untilClosed = asio::co_spawn(engine.executor(), serve(std::move(shop), sell), asio::use_future);
    asio::co_spawn(engine.executor(), serve(std::move(backDoor), manage), asio::detached);

    const flows::BlockingPeer customer = flows::connectBlocking(engine, street);
    const flows::BlockingPeer manager = flows::connectBlocking(engine, yard);
    ask(customer, "customer", "tea?");
    ask(customer, "customer", "milk?");
    ask(manager, "manager", "how is it going?");
    ask(manager, "manager", "close!");
    untilClosed.get();
    waitForEnd(customer);
    ask(customer, "customer", "bread?");
    ask(manager, "manager", "and now?");
}

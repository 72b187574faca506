#include "snippets.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <thread>
#include <utility>
#include <variant>

using namespace std::chrono_literals;

asio::awaitable<std::string> workAndReceive(tempeh::Reactor& reactor) {
    tempeh::ChannelGroup group = reactor.createGroup();
    tempeh::BlockingChannelGroup channels = group.blocking();
    std::thread worker([&reactor, channels] {
        tempeh::MessagePtr result = reactor.get();
        result->body.append("done");                 // some long computation
        channels.updateReceiver(std::move(result));  // comes out of waitReceive(), as ReceiverUpdate
    });
    tempeh::MessagePtr message = co_await group.waitReceive();
    worker.join();
    co_return message->status() == tempeh::Status::ReceiverUpdate ? std::string(message->body.view()) : "";
}

asio::awaitable<int> receiveUntil(tempeh::ChannelGroup& group, asio::steady_timer& stop) {
    using namespace asio::experimental::awaitable_operators;
    int count = 0;
    for (;;) {
        // As a tuple: `||` waits for the first that succeeds, and would not see that receiving has ended.
        auto received = group.waitReceive(asio::as_tuple(asio::use_awaitable));
        auto result = co_await (std::move(received) || stop.async_wait(asio::use_awaitable));
        if (result.index() == 1) co_return count;  // stopped; a message that came meanwhile is still there
        const auto& [ec, message] = std::get<0>(result);
        if (ec) co_return count;  // the engine ends
        ++count;
    }
}

asio::awaitable<void> receiveOrTick(flows::Peer peer, std::function<void()> onTick) {
    using namespace asio::experimental::awaitable_operators;
    tempeh::error_code ec;
    for (;;) {
        auto result = co_await (peer.receive(tempeh::infinite, ec) || peer.sleep(10ms));
        if (ec && result.index() == 0) co_return;  // the channel has ended: peer.endReason() says why
        if (result.index() == 1) onTick();
    }
}

void runOnOwnContext(std::uint16_t port) {
    asio::io_context context;          // yours; the engine starts no thread
    tempeh::Reactor reactor(context);  // lives on a strand of it
    asio::co_spawn(reactor.executor(), echoServer(reactor, port), asio::detached);
    context.run_for(100ms);  // from as many threads as you like
}

#include "snippets.hpp"

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
        auto result = co_await (group.waitReceive() || stop.async_wait(asio::use_awaitable));
        if (result.index() == 1) co_return count;  // stopped; a message that came meanwhile is still there
        tempeh::MessagePtr message = std::get<0>(std::move(result));
        ++count;
    }
}

void runOnOwnContext(std::uint16_t port) {
    asio::io_context context;          // yours; the engine starts no thread
    tempeh::Reactor reactor(context);  // lives on a strand of it
    asio::co_spawn(reactor.executor(), echoServer(reactor, port), asio::detached);
    context.run_for(100ms);  // from as many threads as you like
}

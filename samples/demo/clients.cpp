#include "clients.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <utility>

namespace demo {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto patience = 10s;

/// As a coroutine, on the reactor's own thread. The parameters outlive it: runClient() waits for its end.
asio::awaitable<void> talk(tempeh::ChannelGroup& group, Conversation& conversation) {
    while (!conversation.isOver()) {
        while (tempeh::MessagePtr message = conversation.nextToSend())
            group.post(std::move(message));
        tempeh::MessagePtr received = co_await group.waitReceive(patience);
        conversation.take(std::move(received));
    }
}

/// As plain blocking calls of a thread.
void talk(tempeh::BlockingChannelGroup channels, Conversation& conversation) {
    while (!conversation.isOver()) {
        while (tempeh::MessagePtr message = conversation.nextToSend())
            channels.post(std::move(message));
        conversation.take(channels.waitReceive(patience));
    }
}

}  // namespace

void runClient(const ClientSettings& settings) {
    tempeh::Reactor reactor;
    tempeh::ChannelGroup group = reactor.createGroup();
    Conversation conversation(reactor, settings);
    if (settings.style == "coroutine")
        asio::co_spawn(reactor.executor(), talk(group, conversation), asio::use_future).get();
    else
        talk(group.blocking(), conversation);
}

}  // namespace demo

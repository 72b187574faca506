#include "snippets.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace {

using namespace std::chrono_literals;

int failures = 0;

void check(bool condition, std::string_view what) {
    std::printf("%s  %.*s\n", condition ? "ok    " : "FAILED", static_cast<int>(what.size()), what.data());
    if (!condition) ++failures;
}

/// Runs a coroutine on the reactor and waits for its result.
template <typename T>
T wait(tempeh::Reactor& reactor, asio::awaitable<T> coroutine) {
    return asio::co_spawn(reactor.executor(), std::move(coroutine), asio::use_future).get();
}

/// The next message from a peer.
tempeh::MessagePtr next(const tempeh::BlockingChannelGroup& channels) {
    for (;;) {
        tempeh::MessagePtr message = channels.waitReceive(10s);
        if (!message) throw std::runtime_error("nothing came in 10 s");
        if (message->isFromApplication()) return message;
    }
}

void checkStream(tempeh::Reactor& reactor) {
    tempeh::ChannelGroup server = reactor.createGroup();
    tempeh::ChannelGroup client = reactor.createGroup();
    tempeh::MessagePtr message = reactor.get();
    tempeh::UdsServerAddress{}.format(*message);
    server.post(std::move(message));
    const tempeh::MessagePtr welcome = server.blocking().waitReceive(10s);
    const auto bound = std::get<tempeh::UdsServerAddress>(tempeh::parseAddress(*welcome));
    message = reactor.get();
    tempeh::UdsClientAddress{bound.path}.format(*message);
    const tempeh::ChannelNumber channel = client.post(std::move(message)).channelNumber;
    next(server.blocking());  // the HelloRequest

    constexpr int lines = 1000;
    auto streamed =
        asio::co_spawn(reactor.executor(), streamLines(reactor, client, channel, lines), asio::use_future);
    bool isRight = true;
    tempeh::MessageId id = 0;
    for (int line = 1; line <= lines; ++line) {
        const tempeh::MessagePtr part = next(server.blocking());
        if (line == 1) id = part->header.messageId;
        isRight = isRight && part->header.messageId == id && part->hasMore() == (line < lines) &&
                  part->body.view() == "line " + std::to_string(line);
    }
    streamed.get();
    check(isRight, "a stream of parts arrives whole and in order");
}

void checkBursts(tempeh::Reactor& reactor) {
    tempeh::ChannelGroup server = reactor.createGroup();
    tempeh::ChannelGroup client = reactor.createGroup();
    tempeh::MessagePtr message = reactor.get();
    tempeh::UdsServerAddress{}.format(*message);
    server.post(std::move(message));
    const tempeh::MessagePtr welcome = server.blocking().waitReceive(10s);
    const auto bound = std::get<tempeh::UdsServerAddress>(tempeh::parseAddress(*welcome));
    message = reactor.get();
    tempeh::UdsClientAddress{bound.path}.format(*message);
    const tempeh::ChannelNumber channel = client.post(std::move(message)).channelNumber;
    next(server.blocking());  // the HelloRequest

    auto echoing = asio::co_spawn(reactor.executor(), echoBursts(server), asio::use_future);
    constexpr int count = 200;  // fits into the send queue
    tempeh::MessageQueue requests;
    for (int i = 0; i < count; ++i) {
        message = reactor.get();
        message->header.channelNumber = channel;
        message->body.append(std::to_string(i));
        requests.pushBack(std::move(message));
    }
    bool isRight = client.postAll(requests) == count;
    for (int i = 0; i < count; ++i) {
        const tempeh::MessagePtr answer = next(client.blocking());
        isRight = isRight && answer->header.opCode == tempeh::OpCode::Response &&
                  answer->body.view() == std::to_string(i);
    }
    server.updateReceiver();
    echoing.get();
    check(isRight, "a burst of requests is answered, each once and in order");
}

void checkStatuses(tempeh::Reactor& reactor, tempeh::ChannelGroup& group, std::uint16_t port) {
    tempeh::MessagePtr hello = reactor.get();
    tempeh::TcpClientAddress{"127.0.0.1", port}.format(*hello);
    group.post(std::move(hello));
    tempeh::MessagePtr message = group.blocking().waitReceive(10s);
    check(message && message->status() == tempeh::Status::ConnectFailed, "nobody there: ConnectFailed");
    message = group.blocking().waitReceive(10s);
    check(message && describe(*message).starts_with("ChannelClosed, ConnectFailed: "), describe(*message));
}

void run() {
    tempeh::Reactor reactor(smallEngine());
    const std::uint16_t port = tempeh::findFreeTcpPort();
    tempeh::ChannelGroup group = reactor.createGroup();
    checkStatuses(reactor, group, port);

    asio::co_spawn(reactor.executor(), echoServer(reactor, port), asio::detached);
    const tempeh::ChannelNumber channel =
        connectPatiently(reactor, group.blocking(), tempeh::TcpClientAddress{"127.0.0.1", port});
    check(wait(reactor, ask(reactor, port, "hello")) == "hello", "a coroutine asks and gets its answer");
    check(askFromThread(reactor, port, "hello") == "hello", "a thread asks and gets its answer");
    const flows::Peer peer =
        wait(reactor, flows::connect(reactor, tempeh::TcpClientAddress{"127.0.0.1", port}));
    check(report(peer, "12.5 degrees"), "a signal is sent without waiting");
    checkStream(reactor);
    checkBursts(reactor);
    check(wait(reactor, workAndReceive(reactor)) == "done", "a worker tells the receiver");

    asio::steady_timer timer(reactor.executor(), 50ms);
    group.updateReceiver();
    check(wait(reactor, receiveUntil(group, timer)) == 1, "receiving ends with the timer");
    goodbye(reactor, group.blocking(), channel);
    check(group.stats().channels == 0, "bye closes the channel");
    runOnOwnContext(tempeh::findFreeTcpPort());
    stop(reactor);
}

}  // namespace

int main() {
    try {
        run();
    } catch (const std::exception& failure) {
        check(false, failure.what());
    }
    return failures == 0 ? 0 : 1;
}

// What a wake costs: round trips of one empty message between two receivers of a real Reactor, through
// updateReceiver (no socket) and through a connection (post). The argument is Options::busyPoll in
// microseconds: 0 sleeps between messages, the others poll. Time is per round trip, that is per two wakes.

#include <tempeh/tempeh.hpp>

#include <benchmark/benchmark.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <future>
#include <stdexcept>
#include <thread>
#include <utility>
#include <variant>

namespace tempeh::bench {
namespace {

Options polling(const benchmark::State& state) {
    Options options;
    options.busyPoll = std::chrono::microseconds(state.range(0));
    return options;
}

MessagePtr orThrow(MessagePtr message) {
    if (message == nullptr) throw std::runtime_error("nothing came");
    return message;
}

/// Sends every message on to `to`, until the receiver is shut down.
asio::awaitable<void> bounce(ChannelGroup& from, ChannelGroup& to) {
    try {
        for (;;) {
            MessagePtr message = co_await from.waitReceive();
            to.updateReceiver(std::move(message));
        }
    } catch (const Error&) {
        // The end.
    }
}

void bounceThread(const ChannelGroup& from, const ChannelGroup& to) {
    const BlockingChannelGroup receiver = from.blocking();
    const BlockingChannelGroup sender = to.blocking();
    error_code ec;
    while (MessagePtr message = receiver.waitReceive(infinite, ec))
        sender.updateReceiver(std::move(message), ec);
}

/// Round trips from this thread: out to `there`, back to `here`, where the thread waits.
void bat(benchmark::State& state, Reactor& reactor, const ChannelGroup& here, const ChannelGroup& there) {
    const BlockingChannelGroup receiver = here.blocking();
    const BlockingChannelGroup sender = there.blocking();
    MessagePtr message = reactor.get();
    message->header.opCode = OpCode::Signal;
    for (auto _ : state) {
        sender.updateReceiver(std::move(message));
        message = orThrow(receiver.waitReceive());
    }
}

/// Thread to thread; the reactor has no part in it.
void blockingFacade(benchmark::State& state) {
    Reactor reactor(polling(state));
    const ChannelGroup here = reactor.createGroup();
    ChannelGroup there = reactor.createGroup();
    std::jthread other([&] { bounceThread(there, here); });
    bat(state, reactor, here, there);
    there = ChannelGroup();  // its end ends the thread
}
BENCHMARK(blockingFacade)->Arg(0)->Arg(50)->UseRealTime();

/// Thread to a coroutine on the reactor: one wake of the reactor, one of the thread.
void coroutineOnReactor(benchmark::State& state) {
    Reactor reactor(polling(state));
    ChannelGroup here = reactor.createGroup();
    ChannelGroup there = reactor.createGroup();
    std::future<void> over = asio::co_spawn(reactor.executor(), bounce(there, here), asio::use_future);
    bat(state, reactor, here, there);
    reactor.shutdown(std::chrono::seconds(1));
    over.get();
}
BENCHMARK(coroutineOnReactor)->Arg(0)->Arg(50)->UseRealTime();

/// Thread to a coroutine on a context of the application's.
void coroutineElsewhere(benchmark::State& state) {
    Reactor reactor(polling(state));
    ChannelGroup here = reactor.createGroup();
    ChannelGroup there = reactor.createGroup();
    asio::io_context context(1);
    asio::co_spawn(context, bounce(there, here), asio::detached);
    std::jthread runner([&] { context.run(); });
    bat(state, reactor, here, there);
    reactor.shutdown(std::chrono::seconds(1));
}
BENCHMARK(coroutineElsewhere)->Arg(0)->UseRealTime();

asio::awaitable<void> batOnReactor(benchmark::State& state, Reactor& reactor, ChannelGroup& here,
                                   ChannelGroup& there) {
    MessagePtr message = reactor.get();
    message->header.opCode = OpCode::Signal;
    for (auto _ : state) {
        there.updateReceiver(std::move(message));
        message = orThrow(co_await here.waitReceive());
    }
}

/// Two coroutines on the reactor: no other thread, no system call.
void bothOnReactor(benchmark::State& state) {
    Reactor reactor;
    ChannelGroup here = reactor.createGroup();
    ChannelGroup there = reactor.createGroup();
    std::future<void> over = asio::co_spawn(reactor.executor(), bounce(there, here), asio::use_future);
    asio::co_spawn(reactor.executor(), batOnReactor(state, reactor, here, there), asio::use_future).get();
    reactor.shutdown(std::chrono::seconds(1));
    over.get();
}
BENCHMARK(bothOnReactor)->UseRealTime();

/// Answers hellos and requests, on the reactor.
asio::awaitable<void> echo(ChannelGroup& group) {
    try {
        for (;;) {
            MessagePtr message = co_await group.waitReceive();
            if (message->isFromEngine()) continue;
            const bool isHello = message->header.opCode == OpCode::HelloRequest;
            message->header.opCode = isHello ? OpCode::HelloResponse : OpCode::Response;
            group.post(std::move(message));
        }
    } catch (const Error&) {
        // The end.
    }
}

/// Post from a thread: wake of the reactor, socket there and back, wake of the thread. Both ends are channels
/// of one reactor, so nothing else sleeps.
void postFromThread(benchmark::State& state) {
    Reactor reactor(polling(state));
    ChannelGroup server = reactor.createGroup();
    const ChannelGroup clientGroup = reactor.createGroup();
    const BlockingChannelGroup client = clientGroup.blocking();

    MessagePtr welcome = reactor.get();
    TcpServerAddress{"127.0.0.1", 0}.format(*welcome);
    server.post(std::move(welcome));
    const MessagePtr bound = orThrow(server.blocking().waitReceive());
    const auto address = std::get<TcpServerAddress>(parseAddress(*bound));
    std::future<void> over = asio::co_spawn(reactor.executor(), echo(server), asio::use_future);

    MessagePtr hello = reactor.get();
    TcpClientAddress{"127.0.0.1", address.port}.format(*hello);
    const ChannelNumber channel = client.post(std::move(hello)).channelNumber;
    MessagePtr message = orThrow(client.waitReceive());
    if (message->header.opCode != OpCode::HelloResponse || message->isFromEngine())
        state.SkipWithError("no connection");
    for (auto _ : state) {
        message->reset();
        message->header.opCode = OpCode::Request;
        message->header.channelNumber = channel;
        client.post(std::move(message));
        message = orThrow(client.waitReceive());
    }
    reactor.shutdown(std::chrono::seconds(1));
    over.get();
}
BENCHMARK(postFromThread)->Arg(0)->Arg(50)->UseRealTime();

}  // namespace
}  // namespace tempeh::bench

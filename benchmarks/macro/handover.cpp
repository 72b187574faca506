// Two parties in one process: through a connection inside one reactor or between two, from group to group as
// coroutines on the reactor, and from group to group between two threads that block.
#include "driver.hpp"
#include "responder.hpp"
#include "roles.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <cstdint>
#include <future>
#include <optional>
#include <span>
#include <thread>
#include <utility>

namespace bench::own {
namespace {

namespace asio = boost::asio;
using tempeh::MessagePtr;

/// One way: so many messages may be on the way, and so many the receiver takes before it says so.
/// updateReceiver has no limit of its own.
constexpr std::uint64_t kCredit = 1024;
constexpr std::uint64_t kAckEvery = 256;

/// The side that answers, without waiting: a message in, a message to the other group or none.
class Answering {
public:
    Answering(const Options& options, tempeh::ChannelGroup& client) : responder_(options), client_(client) {}

    /// False after the last message.
    bool take(MessagePtr message) {
        const auto body = message->body.bytes();
        const Action action = responder_.onMessage(body.data(), body.size());
        if (action == Action::Absorb) {
            message.reset();
            if (++absorbed_ % kAckEvery == 0) client_.updateReceiver();
            return true;
        }
        if (action == Action::Summarize) {
            const Summary summary = responder_.summary();
            message->body.assign(std::as_bytes(std::span(&summary, 1)));
        }
        client_.updateReceiver(std::move(message));
        return action != Action::Summarize;
    }

private:
    Responder responder_;
    tempeh::ChannelGroup& client_;
    std::uint64_t absorbed_ = 0;
};

/// The side that starts, without waiting.
class Asking {
public:
    Asking(const Options& options, tempeh::Reactor& reactor, tempeh::ChannelGroup& server)
        : options_(options), driver_(options), reactor_(reactor), server_(server) {
        driver_.begin();
    }

    /// First messages; for one way as many as there is credit for.
    void start() {
        if (options_.workload == Workload::Throughput) return fill();
        for (std::uint32_t i = 0; i < driver_.window() && driver_.mayStart(); ++i)
            sendNext(reactor_.get());
    }

    /// False after the summary.
    bool take(MessagePtr message) {
        const auto body = message->body.bytes();
        if (ended_ && !body.empty()) {  // late words of credit are empty
            driver_.finish(body.data(), body.size());
            return false;
        }
        if (options_.workload == Workload::Throughput) {
            credit_ += kAckEvery;
            message.reset();
            if (!ended_) fill();
            return true;
        }
        if (driver_.reply(0, body.data(), body.size()))
            sendNext(std::move(message));
        else if (driver_.finished())
            end();
        return true;
    }

private:
    template <typename Write>
    void send(MessagePtr message, Write&& write) {
        message->body.clear();
        write(message->body.prepare(options_.size).data());
        message->body.commit(options_.size);
        server_.updateReceiver(std::move(message));
    }
    void sendNext(MessagePtr message) {
        send(std::move(message), [this](std::byte* to) { driver_.next(0, to); });
    }
    void fill() {
        for (; credit_ > 0; --credit_) {
            if (!driver_.mayStart()) return end();
            sendNext(reactor_.get());
        }
    }
    void end() {
        ended_ = true;
        send(reactor_.get(), [this](std::byte* to) { driver_.last(to); });
    }

    const Options options_;
    Driver driver_;
    tempeh::Reactor& reactor_;
    tempeh::ChannelGroup& server_;
    std::uint64_t credit_ = kCredit;
    bool ended_ = false;
};

/// False after the last message.
template <typename Party>
bool takeAll(tempeh::MessageQueue messages, Party& party) {
    while (MessagePtr message = messages.popFront())
        if (!party.take(std::move(message))) return false;
    return true;
}

/// Everything that has arrived is worked off before the coroutine suspends again.
template <typename Party>
asio::awaitable<void> runCoroutine(tempeh::ChannelGroup& group, Party& party) {
    for (;;) {
        tempeh::MessageQueue messages;
        messages.pushBack(co_await group.waitReceive());
        messages.append(group.tryReceiveAll());
        if (!takeAll(std::move(messages), party)) co_return;
    }
}

template <typename Party>
asio::awaitable<void> startCoroutine(tempeh::ChannelGroup& group, Party& party) {
    party.start();
    co_await runCoroutine(group, party);
}

template <typename Party>
void runThread(tempeh::ChannelGroup& group, Party& party) {
    const tempeh::BlockingChannelGroup channels = group.blocking();
    for (bool goesOn = true; goesOn;) {
        tempeh::MessageQueue messages;
        messages.pushBack(channels.waitReceive());
        messages.append(channels.tryReceiveAll());
        goesOn = takeAll(std::move(messages), party);
    }
}

void betweenGroups(const Options& options, bool threads) {
    tempeh::Reactor reactor(engineOptions(options));
    countWakesOf(reactor);
    tempeh::ChannelGroup client = reactor.createGroup();
    tempeh::ChannelGroup server = reactor.createGroup();
    Answering answering(options, client);
    Asking asking(options, reactor, server);
    if (threads) {
        std::thread answerer([&] { runThread(server, answering); });
        asking.start();
        runThread(client, asking);
        answerer.join();
        return;
    }
    std::future<void> answered =
        asio::co_spawn(reactor.executor(), runCoroutine(server, answering), asio::use_future);
    asio::co_spawn(reactor.executor(), startCoroutine(client, asking), asio::use_future).get();
    answered.get();
}

/// `reactor` serves.
void throughLoopback(const Options& options, tempeh::Reactor& reactor, tempeh::Reactor& asking) {
    countWakesOf(reactor);
    tempeh::ChannelGroup server = reactor.createGroup();
    Responder responder(options);
    Options client = options;
    client.address = listen(options, reactor, server);
    std::future<void> served = asio::co_spawn(
        reactor.executor(), serveCoroutine(server, responder, Loop::Gathered), asio::use_future);
    asio::co_spawn(asking.executor(), driveCoroutine(client, asking, Loop::Gathered), asio::use_future).get();
    server.updateReceiver();
    served.get();
}

}  // namespace

void handOver(const Options& options) {
    if (options.mode == "loopback" || options.mode == "engines") {
        tempeh::Reactor reactor(engineOptions(options));
        std::optional<tempeh::Reactor> other;
        if (options.mode == "engines") other.emplace(engineOptions(options));
        throughLoopback(options, reactor, other ? *other : reactor);
    } else if (options.mode == "groups" || options.mode == "threads") {
        betweenGroups(options, options.mode == "threads");
    } else {
        throw std::invalid_argument("--mode is loopback, engines, groups or threads: " + options.mode);
    }
}

}  // namespace bench::own

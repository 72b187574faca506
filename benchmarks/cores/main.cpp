// One reactor and two behind the same port, in turn: what a message costs, and what two cores bring when
// handlers work.
//   bench_cores [repetitions]
// Needs a core for each of the two and a little for the client. With idle handlers the client is the
// bottleneck, so two reactors sleep and wake more often than one. Prints a line for each measurement and the
// median of the ratios, with the smallest and the largest.

#include <tempeh/tempeh.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <future>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using tempeh::MessagePtr, tempeh::OpCode;

constexpr int connectionsOfEach = 16;
constexpr int inFlight = 16;  // on each connection

void work(std::chrono::nanoseconds length) {
    if (length <= 0ns) return;
    const Clock::time_point end = Clock::now() + length;
    while (Clock::now() < end) {
    }
}

/// Before anything else, as the answer comes to the group like everything else. Returns the path.
std::string listenIn(tempeh::ReactorGroup& reactors, tempeh::ChannelGroup& group) {
    const tempeh::UdsServerAddress address(tempeh::temporaryUdsPath());
    MessagePtr welcome = reactors[0].get();
    tempeh::format(address, *welcome);
    tempeh::BlockingChannelGroup answers = group.blocking();
    answers.post(std::move(welcome));
    answers.waitReceive(10s);
    return address.path;
}

/// Owns the group: it is served until its engine shuts down.
asio::awaitable<void> serve(tempeh::ChannelGroup group, std::chrono::nanoseconds perRequest) {
    try {
        for (;;) {
            MessagePtr message = co_await group.waitReceive();
            if (message->header.opCode == OpCode::HelloRequest) {
                message->header.opCode = OpCode::HelloResponse;
            } else if (message->header.opCode == OpCode::Request) {
                work(perRequest);
                message->header.opCode = OpCode::Response;
            } else {
                continue;
            }
            group.post(std::move(message));
        }
    } catch (const boost::system::system_error&) {
        // The engine has shut down.
    }
}

double processSeconds() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Figures {
    double messagesPerSecond;
    double cpuPerMessage;  // seconds, both sides
};

/// Connects, then keeps `inFlight` requests under way on each connection until `count` are answered.
asio::awaitable<void> ask(tempeh::Reactor& reactor, tempeh::ChannelGroup& group, std::string path,
                          int connections, int count, std::promise<Figures>& done) {
    const tempeh::UdsClientAddress address(std::move(path));
    std::vector<tempeh::ChannelNumber> channels;
    for (int i = 0; i < connections; ++i) {
        MessagePtr hello = reactor.get();
        tempeh::format(address, *hello);
        group.post(std::move(hello));
    }
    for (int i = 0; i < connections; ++i) {
        const MessagePtr answer = co_await group.waitReceive();
        channels.push_back(answer->header.channelNumber);
    }
    const Clock::time_point start = Clock::now();
    const double cpuBefore = processSeconds();
    int asked = 0;
    for (; asked < connections * inFlight; ++asked) {
        MessagePtr request = reactor.get();
        request->header.opCode = OpCode::Request;
        request->header.channelNumber = channels[static_cast<std::size_t>(asked % connections)];
        request->body.append("sixteen bytes ..");
        group.post(std::move(request));
    }
    for (int answered = 0; answered < count; ++answered) {
        MessagePtr message = co_await group.waitReceive();
        if (asked >= count) continue;
        ++asked;
        message->header.opCode = OpCode::Request;
        message->header.messageId = 0;
        group.post(std::move(message));
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    done.set_value({count / seconds, (processSeconds() - cpuBefore) / count});
}

/// The load grows with the reactors: each has as much to do as one alone.
Figures measure(std::size_t reactorCount, std::chrono::nanoseconds perRequest, int countOfEach) {
    tempeh::ReactorGroup reactors(reactorCount);
    std::vector<tempeh::ChannelGroup> groups = reactors.createGroups();
    const std::string path = listenIn(reactors, groups.front());
    for (std::size_t i = 0; i < reactorCount; ++i)
        asio::co_spawn(reactors[i].executor(), serve(std::move(groups[i]), perRequest), asio::detached);

    tempeh::Reactor client;
    tempeh::ChannelGroup asking = client.createGroup();
    std::promise<Figures> done;
    const int times = static_cast<int>(reactorCount);
    asio::co_spawn(client.executor(),
                   ask(client, asking, path, connectionsOfEach * times, countOfEach * times, done),
                   asio::detached);
    const Figures figures = done.get_future().get();
    client.shutdown(1s);
    reactors.shutdown(1s);
    return figures;
}

void print(const char* what, std::vector<double> ratios) {
    std::ranges::sort(ratios);
    fmt::print("{}: {:.3f} (smallest {:.3f}, largest {:.3f}, {} pairs)\n", what, ratios[ratios.size() / 2],
               ratios.front(), ratios.back(), ratios.size());
}

/// How evenly 1,000 connections are spread over four reactors: the largest deviation from an even share.
double spread() {
    constexpr std::size_t clients = 1000;
    tempeh::ReactorGroup reactors(4);
    std::vector<tempeh::ChannelGroup> groups = reactors.createGroups();
    const std::string path = listenIn(reactors, groups.front());
    for (std::size_t i = 0; i < reactors.size(); ++i)
        asio::co_spawn(reactors[i].executor(), serve(std::move(groups[i]), 0ns), asio::detached);
    tempeh::Reactor client;
    tempeh::ChannelGroup asking = client.createGroup();
    tempeh::BlockingChannelGroup answers = asking.blocking();
    for (std::size_t i = 0; i < clients; ++i) {
        MessagePtr hello = client.get();
        tempeh::format(tempeh::UdsClientAddress(path), *hello);
        asking.post(std::move(hello));
    }
    for (std::size_t i = 0; i < clients; ++i)
        answers.waitReceive(10s);
    constexpr double share = clients / 4.0;
    double largest = 0;
    for (std::size_t i = 0; i < reactors.size(); ++i)
        largest =
            std::max(largest, std::abs(static_cast<double>(reactors[i].stats().accepted) - share) / share);
    client.shutdown(1s);
    reactors.shutdown(1s);
    return largest;
}

}  // namespace

int main(int argc, char** argv) {
    const int repetitions = argc > 1 ? std::max(1, std::atoi(argv[1])) : 5;
    std::vector<double> cost;
    std::vector<double> busyCost;
    std::vector<double> gain;
    for (int i = 0; i < repetitions; ++i) {
        const Figures one = measure(1, 0ns, 1'000'000);
        const Figures two = measure(2, 0ns, 1'000'000);
        const Figures busyOne = measure(1, 5us, 200'000);
        const Figures busyTwo = measure(2, 5us, 200'000);
        cost.push_back(two.cpuPerMessage / one.cpuPerMessage);
        busyCost.push_back(busyTwo.cpuPerMessage / busyOne.cpuPerMessage);
        gain.push_back(busyTwo.messagesPerSecond / busyOne.messagesPerSecond);
        fmt::print(
            "idle handlers: one {:.0f}/s {:.0f} ns, two {:.0f}/s {:.0f} ns; 5 us of work: one {:.0f}/s, two "
            "{:.0f}/s\n",
            one.messagesPerSecond, one.cpuPerMessage * 1e9, two.messagesPerSecond, two.cpuPerMessage * 1e9,
            busyOne.messagesPerSecond, busyTwo.messagesPerSecond);
    }
    print("CPU time per message, two reactors / one", cost);
    print("the same with 5 us of work", busyCost);
    print("messages a second with 5 us of work, two reactors / one", gain);
    fmt::print("1,000 connections on four reactors: at most {:.1f} % from an even share\n", spread() * 100);
}

// The well-behaved peer whose latency is watched: one request at a time, some hundred in a second.

#include "soak/soak.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <iostream>
#include <mutex>
#include <sstream>
#include <vector>

namespace tempeh::soak {

namespace {

using namespace std::chrono_literals;

struct Samples {
    std::mutex mutex;
    std::vector<std::int64_t> microseconds;
    std::uint64_t asked = 0;
    std::uint64_t answered = 0;
    std::atomic<bool> isStopping{false};
};

asio::awaitable<void> probe(flows::Peer peer, Samples* samples) {
    while (!samples->isStopping) {
        const TimePoint begin = std::chrono::steady_clock::now();
        ++samples->asked;
        const MessagePtr answer = co_await peer.request(
            peer.newMessage(OpCode::Request, "a request of sixty-four bytes, as small ones are"), 30s);
        const auto took = std::chrono::steady_clock::now() - begin;
        if (answer != nullptr) ++samples->answered;
        {
            const std::scoped_lock lock(samples->mutex);
            samples->microseconds.push_back(
                std::chrono::duration_cast<std::chrono::microseconds>(took).count());
        }
        co_await peer.sleep(2ms);
    }
}

void print(Samples& samples) {
    std::vector<std::int64_t> taken;
    {
        const std::scoped_lock lock(samples.mutex);
        taken.swap(samples.microseconds);
    }
    std::ostringstream line;
    line << "us";
    for (const std::int64_t value : taken)
        line << ' ' << value;
    std::cout << line.str() << '\n' << std::flush;
}

}  // namespace

int runProbe(const Arguments& arguments) {
    Reactor reactor;
    Samples samples;
    const TcpClientAddress address{"127.0.0.1", arguments.port};
    const flows::BlockingPeer peer = flows::connectBlocking(reactor, address);
    auto probing = asio::co_spawn(reactor.executor(), probe(peer.peer(), &samples), asio::use_future);
    while (!isToldToStop(1s))
        print(samples);
    samples.isStopping = true;
    probing.get();
    print(samples);
    std::cout << "account name=probe asked=" << samples.asked << " answered=" << samples.answered
              << " failed=0 lost=" << samples.asked - samples.answered << " wrong=0\n"
              << std::flush;
    return 0;
}

}  // namespace tempeh::soak

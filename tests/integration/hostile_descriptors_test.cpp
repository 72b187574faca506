// Out of descriptors: the listener says so once, rests, and recovers.

#include "support/engine_fixture.hpp"
#include "support/raw_peer.hpp"

#include <tempeh/tempeh.hpp>

#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <sys/resource.h>

namespace tempeh::test {
namespace {

/// No new descriptor can be made while this lives.
class NoDescriptors {
public:
    NoDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const raw::Descriptor lowestFree = raw::makeTcpSocket();
        rlimit none = before_;
        none.rlim_cur = static_cast<rlim_t>(lowestFree.get());
        ::setrlimit(RLIMIT_NOFILE, &none);
    }
    ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

TEST(OutOfDescriptors, OneAcceptFailedThenAllAreServed) {
    Reactor reactor(Options{.logger = spdlog::create<spdlog::sinks::null_sink_mt>("descriptors")});
    Party server(reactor);
    const Listening listening = server.listen(localTcp());
    const std::uint16_t port = std::get<TcpServerAddress>(listening.bound).port;
    raw::Peer before = raw::Peer::connectTo(port);
    before.send(raw::helloRequest().bytes());
    const ChannelNumber channel = server.next(OpCode::HelloRequest)->header.channelNumber;

    constexpr int count = 5;
    std::vector<raw::Descriptor> sockets;
    for (int i = 0; i < count; ++i)
        sockets.push_back(raw::makeTcpSocket());
    std::vector<raw::Peer> peers;
    {
        const NoDescriptors none;
        for (raw::Descriptor& socket : sockets)
            peers.push_back(raw::Peer::connectTo(port, std::move(socket)));
        const MessagePtr failed = server.next(OpCode::Signal, Status::AcceptFailed);
        EXPECT_EQ(failed->header.channelNumber, listening.channel);
        EXPECT_NE(reasonOf(*failed), "(none)");
        // Several tries later there is still one notice, and other channels work.
        while (reactor.stats().acceptFailures < 4)
            EXPECT_EQ(server.channels.waitReceive(5ms), nullptr);
        before.send(raw::Frame{.proto = 0, .body = "works"}.bytes());
        MessagePtr request = server.next(OpCode::Request);
        server.post(std::move(request));
        EXPECT_EQ(before.receive(21).size(), 21U);
    }
    for (raw::Peer& peer : peers) {
        peer.send(raw::helloRequest().bytes());
        server.next(OpCode::HelloRequest);
    }
    EXPECT_EQ(reactor.stats().accepted, static_cast<std::uint64_t>(count) + 1);
    EXPECT_NE(channel, 0);
    spdlog::drop("descriptors");
}

TEST(OutOfDescriptors, AReactorWithAThreadOfItsOwnCannotBeMade) {
    const NoDescriptors none;
    try {
        const Reactor reactor;
        ADD_FAILURE() << "made of nothing";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), boost::system::errc::too_many_files_open);
    }
}

}  // namespace
}  // namespace tempeh::test

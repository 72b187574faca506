// A thousand connections at once on one reactor, and nothing left of them afterwards.

#include "support/engine_fixture.hpp"

#include <tempeh/tempeh.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <dirent.h>
#include <future>
#include <memory>
#include <set>
#include <sys/resource.h>
#include <thread>

namespace tempeh::test {
namespace {

constexpr std::size_t connections = 1000;
constexpr int rounds = 5;

std::size_t openDescriptors() {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc/self/fd"), ::closedir);
    std::size_t count = 0;
    while (::readdir(folder.get()) != nullptr)
        ++count;
    return count;
}

/// Room for both ends of every connection; false when this machine does not allow it.
bool raiseDescriptorLimit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur > 2 * connections + 100;
}

asio::awaitable<void> echo(ChannelGroup& group) {
    for (;;) {
        MessagePtr message = co_await group.waitReceive(infinite);
        if (message->isFromEngine()) {
            if (message->status() == Status::ReceiverUpdate) co_return;
            continue;
        }
        if (message->header.opCode == OpCode::HelloRequest)
            message->header.opCode = OpCode::HelloResponse;
        else if (message->header.opCode == OpCode::Request)
            message->header.opCode = OpCode::Response;
        else
            continue;
        group.post(std::move(message));
    }
}

class ManyConnections : public ::testing::Test {
protected:
    ManyConnections() {
        listening_ = server_->listen(localTcp());
        echo_ = asio::co_spawn(reactor_.executor(), echo(server_->group), asio::use_future);
    }
    void connectAll() {
        for (std::size_t i = 0; i < connections; ++i)
            channels_.insert(client_->sayHello(listening_.address).channelNumber);
        ASSERT_EQ(channels_.size(), connections);
        for (std::size_t i = 0; i < connections; ++i)
            client_->next(OpCode::HelloResponse);
    }
    /// Each channel asks, each gets its own answer.
    void echoAll(int round) {
        for (const ChannelNumber channel : channels_)
            client_->post(OpCode::Request, channel, std::to_string(channel) + "/" + std::to_string(round));
        std::set<ChannelNumber> answered;
        for (std::size_t i = 0; i < connections; ++i) {
            const MessagePtr answer = client_->next(OpCode::Response);
            EXPECT_EQ(answer->body.view(),
                      std::to_string(answer->header.channelNumber) + "/" + std::to_string(round));
            answered.insert(answer->header.channelNumber);
        }
        EXPECT_EQ(answered, channels_);
    }
    void closeAll() {
        for (const ChannelNumber channel : channels_)
            client_->post(OpCode::ByeRequest, channel);
        std::size_t byes = 0;
        for (std::size_t closed = 0; closed < connections;) {
            const MessagePtr message = client_->next();
            byes += message->header.opCode == OpCode::ByeResponse ? 1 : 0;
            closed += isClosedNotice(*message) ? 1 : 0;
        }
        EXPECT_EQ(byes, connections);
        channels_.clear();
    }
    /// Sockets close a moment after the application was told; nothing tells of that.
    template <typename Condition>
    void waitUntil(Condition condition) {
        const auto end = std::chrono::steady_clock::now() + patience;
        while (!condition() && std::chrono::steady_clock::now() < end)
            client_->channels.waitReceive(1ms);
        EXPECT_TRUE(condition());
    }

    Reactor reactor_;
    std::unique_ptr<Party> server_ = std::make_unique<Party>(reactor_);
    std::unique_ptr<Party> client_ = std::make_unique<Party>(reactor_);
    Listening listening_;
    std::future<void> echo_;
    std::set<ChannelNumber> channels_;
};

TEST_F(ManyConnections, EachEchoesAndNothingIsLeft) {
    if (!raiseDescriptorLimit()) GTEST_SKIP() << "this machine allows too few descriptors";
    const std::size_t descriptors = openDescriptors();
    for (int life = 0; life < 2; ++life) {
        connectAll();
        EXPECT_EQ(reactor_.stats().channels, 2 * connections + 1);
        EXPECT_GE(openDescriptors(), descriptors + 2 * connections);
        for (int round = 0; round < rounds; ++round)
            echoAll(round);
        closeAll();
        waitUntil([&] { return reactor_.stats().channels == 1; });
        waitUntil([&] { return openDescriptors() <= descriptors; });
        waitUntil([&] { return reactor_.stats().pool.outstanding == 0; });
    }
    const EngineStats stats = reactor_.stats();
    EXPECT_EQ(stats.connected, 2 * connections);
    EXPECT_EQ(stats.accepted, 2 * connections);
    EXPECT_EQ(stats.returned.total(), 0U);
    EXPECT_LE(stats.pool.free, Options().maxPoolMessages);
    server_->channels.updateReceiver();
    echo_.get();
}

TEST_F(ManyConnections, DroppedWithTheirGroupTheyLeaveNothingEither) {
    if (!raiseDescriptorLimit()) GTEST_SKIP() << "this machine allows too few descriptors";
    const std::size_t descriptors = openDescriptors();
    connectAll();
    echoAll(0);
    client_->group = reactor_.createGroup();
    client_->channels = client_->group.blocking();
    waitUntil([&] { return reactor_.stats().channels == 1; });
    waitUntil([&] { return openDescriptors() <= descriptors; });
    waitUntil([&] { return reactor_.stats().pool.outstanding == 0; });
    server_->channels.updateReceiver();
    echo_.get();
}

}  // namespace
}  // namespace tempeh::test

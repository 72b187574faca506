// What is received and not yet given back is bounded, and whoever holds messages stops nobody else.

#include "support/engine_fixture.hpp"
#include "support/raw_peer.hpp"
#include "support/raw_server.hpp"

#include <gmock/gmock.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace tempeh::test {
namespace {

constexpr std::size_t poolSize = 64;

Options smallPool() {
    return Options{.initialPoolMessages = 0, .maxPoolMessages = poolSize};
}

void postSignals(Party& party, ChannelNumber channel, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
        party.post(OpCode::Signal, channel, std::to_string(i));
}

/// A group of an engine that others hoard in, and a client that sends to it.
class Bystander {
public:
    explicit Bystander(Ampe& engine) : party_(engine), listening_(party_.listen(localTcp())) {
        client_->sayHello(listening_.address);
        channel_ = party_.acceptHello();
        atClient_ = client_->next(OpCode::HelloResponse)->header.channelNumber;
    }
    /// It gets more than its share, one after the other.
    void expectServed() {
        postSignals(client_.party, atClient_, 2 * poolSize);
        for (std::size_t i = 0; i < 2 * poolSize; ++i)
            ASSERT_EQ(party_.waitFor(OpCode::Signal)->body.view(), std::to_string(i));
    }

private:
    Party party_;
    Listening listening_;
    Side client_;
    ChannelNumber channel_ = 0;
    ChannelNumber atClient_ = 0;
};

TEST(InboundBudget, UpdatesThatNobodyTakesStopNobodyElse) {
    Side hoarder(smallPool());
    Bystander bystander(hoarder.reactor);
    for (std::size_t i = 0; i < poolSize; ++i)
        hoarder->group.updateReceiver(hoarder->make(OpCode::Signal));
    bystander.expectServed();
}

TEST(InboundBudget, WhatCameBackAndNobodyTakesStopsNobodyElse) {
    Side hoarder(smallPool());
    Bystander bystander(hoarder.reactor);
    const ChannelNumber nowhere = hoarder->sayHello(UdsClientAddress{temporaryUdsPath()}).channelNumber;
    for (std::size_t i = 0; i < poolSize; ++i)
        hoarder->post(OpCode::Signal, nowhere, std::string(5000, 'x'));
    EXPECT_TRUE(eventually([&] { return hoarder->group.stats().returned.total() > poolSize; }));
    bystander.expectServed();
}

TEST(InboundBudget, MessagesKeptAfterTheEndOfTheirGroupStopNobodyElse) {
    Link link(smallPool());
    Bystander bystander(link.server.reactor);
    std::vector<MessagePtr> kept;
    postSignals(link.client.party, link.atClient, poolSize);
    while (kept.size() < poolSize)
        kept.push_back(link.server->next(OpCode::Signal));
    link.server->group = {};
    bystander.expectServed();
}

TEST(InboundBudget, MessagesThatTheApplicationMadeStopNobody) {
    Side hoarder(smallPool());
    Bystander bystander(hoarder.reactor);
    std::vector<MessagePtr> made;
    while (made.size() < 2 * poolSize)
        made.push_back(hoarder.reactor.get());
    bystander.expectServed();
}

/// A group gets what another's end leaves to it, without anything coming back.
TEST(InboundBudget, TheShareOfAGroupGrowsWhenAnotherEnds) {
    Link link(smallPool());
    auto other = std::make_unique<Party>(link.server.reactor);
    std::vector<MessagePtr> application;
    while (application.size() < 2 * poolSize)
        application.push_back(link.server.reactor.get());
    postSignals(link.client.party, link.atClient, poolSize);
    std::vector<MessagePtr> kept;
    while (kept.size() < poolSize / 2)
        kept.push_back(link.server->next(OpCode::Signal));
    EXPECT_EQ(statusOf(*link.server->next()), Status::PoolEmpty);
    other.reset();
    while (kept.size() < poolSize)
        kept.push_back(link.server->next(OpCode::Signal));
}

TEST(InboundBudget, UpdatesAreBounded) {
    Side side(smallPool());
    for (std::size_t i = 0; i < poolSize; ++i)
        side->group.updateReceiver();
    MessagePtr message = side->make(OpCode::Signal);
    error_code ec;
    side->group.updateReceiver(std::move(message), ec);
    EXPECT_EQ(ec, error_code(Status::PoolEmpty));
    EXPECT_NE(message, nullptr);
    side->next(OpCode::Signal, Status::ReceiverUpdate);
    side->group.updateReceiver(std::move(message));
    side->group.updateReceiver(ec);
    EXPECT_EQ(ec, error_code(Status::PoolEmpty));
    EXPECT_EQ(side->group.tryReceiveAll().size(), poolSize);
    for (std::size_t i = 0; i < poolSize; ++i)
        side->group.updateReceiver();
}

/// A server may begin to talk before it answers the hello: the first frame has a place, the others wait.
TEST(InboundBudget, TheFirstReadOfAClientDoesNotOverdrawThePool) {
    RawServer server;
    Side client(Options{.initialPoolMessages = 0, .maxPoolMessages = 4});
    client->sayHello(TcpClientAddress{"127.0.0.1", server.port()});
    RawPeer peer = server.accept();
    peer.readFrame();
    std::vector<MessagePtr> made;
    while (made.size() < 4)
        made.push_back(client.reactor.get());
    for (std::uint64_t id = 1; id <= 100; ++id)
        peer.write({.channelNumber = 1, .opCode = OpCode::Signal, .messageId = id});
    std::vector<MessagePtr> kept;
    do
        kept.push_back(client->next());
    while (statusOf(*kept.back()) != Status::PoolEmpty);
    EXPECT_LE(kept.size(), 1U + 4U + 1U);
}

class ExhaustedPool : public testing::Test {
protected:
    ExhaustedPool() {
        postSignals(link_.client.party, link_.atClient, 2 * poolSize);
        do
            hoard_.push_back(link_.server->next());
        while (statusOf(*hoard_.back()) != Status::PoolEmpty);
        while (hoard_.size() < 3 * poolSize)
            hoard_.push_back(link_.server.reactor.get());
    }

    Link link_{smallPool()};
    std::vector<MessagePtr> hoard_;
};

TEST_F(ExhaustedPool, LetsNewClientsIn) {
    Side client;
    client->sayHello(link_.listening.address);
    link_.server->acceptHello();
    client->next(OpCode::HelloResponse);
}

TEST_F(ExhaustedPool, LetsClientsSayBye) {
    Side client;
    client->sayHello(link_.listening.address);
    const ChannelNumber atServer = link_.server->acceptHello();
    const ChannelNumber atClient = client->next(OpCode::HelloResponse)->header.channelNumber;
    client->post(OpCode::ByeRequest, atClient);
    link_.server->next(OpCode::ByeRequest);
    client->next(OpCode::ByeResponse);
    EXPECT_EQ(reasonOf(*link_.server->nextClosed(atServer)), "ChannelClosed: bye exchanged");
}

TEST_F(ExhaustedPool, LetsOwnByesBeAnswered) {
    Side client;
    client->sayHello(link_.listening.address);
    const ChannelNumber atServer = link_.server->acceptHello();
    client->next(OpCode::HelloResponse);
    link_.server->post(OpCode::ByeRequest, atServer);
    client->next(OpCode::ByeRequest);
    link_.server->next(OpCode::ByeResponse);
    EXPECT_EQ(reasonOf(*link_.server->nextClosed(atServer)), "ChannelClosed: bye exchanged");
}

/// What stands before the bye waits for the pool, and the peer is not blamed for that.
TEST(ExhaustedPoolBye, DoesNotTimeOutBehindWhatIsNotRead) {
    Options options = smallPool();
    options.byeTimeout = 20ms;
    Link link(options);
    postSignals(link.client.party, link.atClient, 3 * poolSize);
    std::vector<MessagePtr> hoard;
    do
        hoard.push_back(link.server->next());
    while (statusOf(*hoard.back()) != Status::PoolEmpty);
    link.server->post(OpCode::ByeRequest, link.atServer);
    link.client->next(OpCode::ByeRequest);
    EXPECT_EQ(link.server->channels.waitReceive(200ms), nullptr);
    hoard.clear();
    MessagePtr last = link.server->next();
    while (!isClosedNotice(*last))
        last = link.server->next();
    EXPECT_EQ(reasonOf(*last), "ChannelClosed: bye exchanged");
}

/// Peers cannot make this side keep as much as they like beside the pool, whatever they send at a time.
TEST(InboundBudget, ChannelsThatWaitForThePoolKeepLittleInput) {
    constexpr std::size_t clients = 200;
    constexpr std::size_t pool = 16;
    Side server(Options{.initialPoolMessages = 0, .maxPoolMessages = pool});
    const Listening listening = server->listen(localTcp());
    const std::uint16_t port = std::get<TcpClientAddress>(listening.address).port;
    const Bytes frame = raw::Frame{.proto = 2, .body = std::string(10'000, 'x')}.bytes();
    Bytes burst;
    while (burst.size() < 200'000)
        appendTo(burst, frame);
    std::vector<raw::Peer> peers;
    std::vector<ChannelNumber> channels;
    const auto isPaused = [&](ChannelNumber channel) {
        return server->channels.channelInfo(channel).isReadingPaused;
    };
    for (std::size_t i = 0; i < clients; ++i) {
        peers.push_back(raw::Peer::connectTo(port));
        peers.back().send(raw::helloRequest().bytes());
        channels.push_back(server->acceptHello());
        // Long reads are expected from here on.
        peers.back().send(frame);
        server->waitFor(OpCode::Signal);
    }
    for (raw::Peer& peer : peers)
        peer.sendSome(burst);
    // Each message is worked off and makes room for one of another channel, so all of them get a turn.
    for (std::size_t i = 0; i < 2 * clients; ++i)
        server->waitFor(OpCode::Signal);
    EXPECT_TRUE(
        eventually([&] { return std::ranges::count_if(channels, isPaused) >= std::ptrdiff_t{clients / 2}; }));
    EXPECT_LE(server.reactor.stats().keptInputBytes, 8U * 1024 * 1024);
    EXPECT_GT(server.reactor.stats().keptInputBytes, 0U);
}

/// Everything an engine logs.
struct LogText {
    std::ostringstream text;
    std::shared_ptr<spdlog::logger> logger = std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text, true));
};

TEST(InboundBudget, OneWarningSaysWhoHoldsTheMessages) {
    LogText log;
    std::string address;
    {
        Options options = smallPool();
        options.logger = log.logger;
        Link link(options);
        address = toString(link.listening.bound);
        for (int shortage = 0; shortage < 2; ++shortage) {
            postSignals(link.client.party, link.atClient, 2 * poolSize);
            std::vector<MessagePtr> hoard;
            do
                hoard.push_back(link.server->next());
            while (statusOf(*hoard.back()) != Status::PoolEmpty);
            const std::size_t left = 2 * poolSize + 1 - hoard.size();
            hoard.clear();
            for (std::size_t i = 0; i < left; ++i)
                link.server->waitFor(OpCode::Signal);
        }
        EXPECT_GE(link.server->group.stats().poolEmptyNotices, 2U);
    }
    const std::string text = log.text.str();
    EXPECT_THAT(text, testing::HasSubstr("Options::maxPoolMessages is 64"));
    EXPECT_THAT(text, testing::HasSubstr("group 1 (listens on " + address + ", 2 channels) holds 64"));
    EXPECT_EQ(text.find("the message pool is empty"), text.rfind("the message pool is empty"));
}

}  // namespace
}  // namespace tempeh::test

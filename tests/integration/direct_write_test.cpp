// Messages that the thread which posts them writes itself: answers, mostly. Nobody wakes the reactor for
// them.

#include "support/engine_fixture.hpp"
#include "support/raw_server.hpp"
#include "support/scale.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <random>
#include <string>
#include <thread>

namespace tempeh::test {
namespace {

/// Answers every Request with its own content until the channel closes.
void echoAll(Party& party) {
    for (;;) {
        MessagePtr message = party.next();
        if (isClosedNotice(*message)) return;
        if (message->header.opCode != OpCode::Request) continue;
        message->header.opCode = OpCode::Response;
        error_code ignored;  // the channel may have ended meanwhile
        party.channels.post(std::move(message), ignored);
    }
}

/// A link whose server is a thread that answers.
class DirectWrite : public testing::TestWithParam<Transport> {
protected:
    static Address where() { return GetParam() == Transport::Tcp ? localTcp() : Address(UdsServerAddress{}); }
    /// Ends the server's thread, where a test has not done so.
    ~DirectWrite() override {
        error_code ignored;
        link_.client->channels.post(link_.client->make(OpCode::ByeSignal, link_.atClient), ignored);
    }

    MessagePtr ask(MessagePtr request) {
        link_.client->post(std::move(request));
        return link_.client->next(OpCode::Response);
    }
    MessagePtr makeRequest(std::string_view body = {}) {
        return link_.client->make(OpCode::Request, link_.atClient, body);
    }

    Link link_{Options(), Options(), where()};
    std::jthread server_{[this] { echoAll(link_.server.party); }};
};

INSTANTIATE_TEST_SUITE_P(On, DirectWrite, testing::Values(Transport::Tcp, Transport::Uds),
                         [](const auto& one) {
                             return std::string(one.param == Transport::Tcp ? "Tcp" : "Unix");
                         });

TEST_P(DirectWrite, APingPongOfThreadsWakesNoReactor) {
    const std::uint64_t rounds = scaled(1'000);
    const auto play = [&](std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i)
            ask(makeRequest("question"));
    };
    play(10);
    const EngineStats client = link_.client.reactor.stats();
    const EngineStats server = link_.server.reactor.stats();
    play(rounds);
    EXPECT_LT(link_.client.reactor.stats().reactorWakes - client.reactorWakes, rounds / 10);
    EXPECT_LT(link_.server.reactor.stats().reactorWakes - server.reactorWakes, rounds / 10);
    EXPECT_GE(link_.client.reactor.stats().writes - client.writes, rounds);
    // They count as sent all the same: the hello or its answer, and these.
    const std::uint64_t all = 1 + 10 + rounds;
    const std::uint64_t bytes = (10 + rounds) * (BinaryHeader::wireSize + 8);
    for (const Side* const side : {&link_.client, &link_.server}) {
        EXPECT_TRUE(eventually([&] { return side->reactor.stats().sent.messages == all; }));
        EXPECT_GE(side->reactor.stats().sent.bytes, bytes + BinaryHeader::wireSize);
        EXPECT_EQ(side->party.group.stats().sent.messages, all);
    }
    EXPECT_EQ(link_.client->channels.channelInfo(link_.atClient).stats.sent.messages, all);
    EXPECT_EQ(link_.server->channels.channelInfo(link_.atServer).stats.sent.messages, all);
}

TEST_P(DirectWrite, EveryLengthOfHeadersAndBodyGoesOutWhole) {
    std::uint64_t id = 0;
    for (const std::size_t headers : {0U, 5U, 2'048U, 2'049U, 60'000U})
        for (const std::size_t body : {0U, 1U, 4'095U, 4'096U, 4'097U, 65'535U}) {
            const std::string content = std::string(body / 2, 'a') + std::string(body - body / 2, 'b');
            MessagePtr request = makeRequest(content);
            // Name, colon and line end take four bytes.
            if (headers != 0) request->textHeaders.append("n", std::string(headers - 4, 'v'));
            ASSERT_EQ(request->textHeaders.sizeBytes(), headers);
            request->header.messageId = ++id;
            const MessagePtr response = ask(std::move(request));
            ASSERT_EQ(response->header.messageId, id);
            ASSERT_TRUE(response->body.view() == content) << headers << ' ' << body;
            ASSERT_EQ(response->textHeaders.sizeBytes(), headers) << body;
            ASSERT_EQ(response->textHeaders.find("n").has_value(), headers != 0) << body;
        }
}

TEST_P(DirectWrite, AnAnswerAndWhatFollowsItKeepTheirOrder) {
    for (std::uint64_t round = 0; round < scaled(200); ++round) {
        ask(makeRequest());
        // The first may go at once, the others through the reactor.
        for (std::uint64_t i = 1; i <= 5; ++i)
            link_.client->post(OpCode::Request, link_.atClient, i % 2 == 0 ? std::string(9'000, 'l') : "s",
                               i);
        for (std::uint64_t i = 1; i <= 5; ++i)
            ASSERT_EQ(link_.client->next(OpCode::Response)->header.messageId, i) << round;
    }
}

TEST_P(DirectWrite, AByeBehindAnAnswer) {
    ask(makeRequest());
    ask(makeRequest());
    link_.client->post(OpCode::Request, link_.atClient, "last", 5);
    link_.client->post(OpCode::ByeRequest, link_.atClient);
    EXPECT_EQ(link_.client->next(OpCode::Response)->header.messageId, 5U);
    link_.client->next(OpCode::ByeResponse);  // the server's engine answers for it
    link_.client->nextClosed(link_.atClient);
}

/// A peer that speaks before each answer, so that the answer may go directly, and reads when it likes.
class DirectWriteToASlowPeer : public testing::Test {
protected:
    DirectWriteToASlowPeer() {
        peer_.acceptHello();
        client_->next(OpCode::HelloResponse);
    }
    /// Something arrives, so that one message may go directly.
    void hear() {
        peer_.write({.channelNumber = 1, .opCode = OpCode::Signal, .messageId = 1});
        while (client_->next()->header.opCode != OpCode::Signal) {
        }
    }
    MessagePtr makeNext(std::size_t size) {
        return client_->make(OpCode::Request, channel_, std::string(size, 'b'), ++posted_);
    }
    void readOne() {
        ASSERT_EQ(peer_.readFrame().messageId, ++read_);
        ASSERT_EQ(peer_.payload().find_first_not_of('b'), std::string::npos) << read_;
    }
    void readAll() {
        while (read_ < posted_)
            ASSERT_NO_FATAL_FAILURE(readOne());
    }

    RawServer server_;
    Side client_{Options{.sendBufferBytes = RawServer::bufferBytes}};
    ChannelNumber channel_ = client_->sayHello(TcpClientAddress{"127.0.0.1", server_.port()}).channelNumber;
    RawPeer peer_{server_.accept()};
    MessageId posted_ = 0;
    MessageId read_ = 0;
};

TEST_F(DirectWriteToASlowPeer, WhatTheKernelDoesNotTakeFollowsLater) {
    // Short writes of large messages, and refused ones of small messages.
    for (const std::size_t size : {60'000U, 4'000U, 100U, 0U}) {
        for (int round = 0; round < 5; ++round) {
            for (int i = 0; i < 40; ++i) {
                hear();
                client_->post(makeNext(size));
            }
            ASSERT_NO_FATAL_FAILURE(readAll()) << size;
        }
    }
    EXPECT_EQ(client_->group.stats().sent.messages, 1 + posted_);
    EXPECT_EQ(client_->group.stats().returned.total(), 0U);
}

TEST_F(DirectWriteToASlowPeer, OrderIsKeptWithOtherThreadsAndTheReactor) {
    std::minstd_rand random(3);
    for (int i = 0; i < 300; ++i) {
        if (random() % 4 != 0) hear();
        MessagePtr message = makeNext(random() % 3 == 0 ? 30'000 : random() % 5'000);
        const auto post = [&] { client_->post(std::move(message)); };
        switch (random() % 4) {
            case 0:
                std::thread(post).join();
                break;
            case 1:
                asio::post(client_.reactor.executor(), asio::use_future(post)).get();
                break;
            default:
                post();
        }
        for (auto reads = random() % 3; reads != 0 && read_ < posted_; --reads)
            ASSERT_NO_FATAL_FAILURE(readOne());
    }
    ASSERT_NO_FATAL_FAILURE(readAll());
}

TEST_F(DirectWriteToASlowPeer, WhatIsHalfSentComesBackWhenTheChannelEnds) {
    for (int i = 0; i < 20; ++i) {
        hear();
        client_->post(makeNext(30'000));
    }
    client_->post(OpCode::ByeSignal, channel_);
    MessageId sent = 0;
    MessageId back = 0;
    for (const MessagePtr& message : client_->collectUntilClosed(channel_)) {
        if (isClosedNotice(*message)) break;
        ASSERT_TRUE(message->isFromEngine());
        if (back == 0) sent = message->header.messageId - 1;
        ASSERT_EQ(message->header.messageId, sent + ++back) << "in order";
        ASSERT_EQ(message->body.size(), 30'000U);
    }
    EXPECT_GT(back, 0U);
    EXPECT_EQ(sent + back, posted_);
    EXPECT_EQ(client_->group.stats().sent.messages, 1 + sent);
    EXPECT_EQ(client_->group.stats().returned.total(), back);
}

TEST_F(DirectWriteToASlowPeer, AnAnswerToAPeerThatHasGoneComesBack) {
    for (int i = 0; i < 20; ++i) {
        hear();
        client_->post(makeNext(30'000));
    }
    peer_.close();
    MessageId back = 0;
    for (const MessagePtr& message : client_->collectUntilClosed(channel_))
        if (!isClosedNotice(*message)) ++back;
    EXPECT_GT(back, 0U);
    EXPECT_EQ(client_->group.stats().sent.messages + back, 1 + posted_);
}

}  // namespace
}  // namespace tempeh::test

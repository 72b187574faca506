// docs/concepts/lifecycle.md, "Ending".

#include "support/engine_fixture.hpp"
#include "support/raw_server.hpp"

#include <gmock/gmock.h>

#include <future>

namespace tempeh::test {
namespace {

using testing::HasSubstr;

TEST(ByeRequest, EverythingQueuedBeforeItIsSent) {
    Link link(Options(), Options{.sendQueueBytes = 16 * 1024 * 1024});
    const std::string body(10'000, 'b');
    constexpr int count = 1000;  // far more than the kernel takes at once
    for (int i = 0; i < count; ++i)
        link.client->post(OpCode::Request, link.atClient, body);
    const BinaryHeader bye = link.client->post(OpCode::ByeRequest, link.atClient);
    for (int i = 0; i < count; ++i)
        ASSERT_EQ(link.server->next(OpCode::Request)->body.view(), body);
    EXPECT_EQ(link.server->next(OpCode::ByeRequest)->header.messageId, bye.messageId);
    link.server->nextClosed(link.atServer);
    EXPECT_EQ(link.client->next(OpCode::ByeResponse)->header.messageId, bye.messageId);
    link.client->nextClosed(link.atClient);
    EXPECT_EQ(link.client->group.stats().returned.total(), 0U);
}

TEST(ByeRequest, ThePeersEngineAnswersAndBothSidesGetChannelClosed) {
    Link link;
    link.client->post(OpCode::ByeRequest, link.atClient);
    link.server->next(OpCode::ByeRequest);  // dropped unanswered
    const MessagePtr atServer = link.server->nextClosed(link.atServer);
    link.client->next(OpCode::ByeResponse);
    const MessagePtr atClient = link.client->nextClosed(link.atClient);
    EXPECT_THAT(reasonOf(*atServer), HasSubstr("bye"));
    EXPECT_THAT(reasonOf(*atClient), HasSubstr("bye"));
    link.server->expectNothingMore();
    link.client->expectNothingMore();
}

TEST(ByeRequest, TheApplicationMayAnswerWithAResult) {
    Link link;
    MessagePtr bye = link.client->make(OpCode::ByeRequest, link.atClient, "that is all");
    bye->textHeaders.append("total", "3");
    link.client->post(std::move(bye));

    MessagePtr received = link.server->next(OpCode::ByeRequest);
    EXPECT_EQ(received->body.view(), "that is all");
    EXPECT_EQ(valueOf(*received, "total"), "3");
    link.server->post(OpCode::Response, link.atServer, "a last answer", 5);
    received->header.opCode = OpCode::ByeResponse;
    received->textHeaders.set("total", "agreed");
    link.server->post(std::move(received));
    link.server->nextClosed(link.atServer);

    EXPECT_EQ(link.client->next(OpCode::Response)->body.view(), "a last answer");
    EXPECT_EQ(valueOf(*link.client->next(OpCode::ByeResponse), "total"), "agreed");
    link.client->nextClosed(link.atClient);
    EXPECT_EQ(link.client.reactor.stats().violations, 0U);
}

TEST(ByeRequest, ReusedForSomethingElseByAThreadIsAnsweredByTheEngine) {
    Link link;
    link.client->post(OpCode::ByeRequest, link.atClient);
    MessagePtr received = link.server->next(OpCode::ByeRequest);
    received->header.opCode = OpCode::Signal;
    received->body.assign("before I go");
    link.server->post(std::move(received));
    link.server->nextClosed(link.atServer);

    EXPECT_EQ(link.client->next(OpCode::Signal)->body.view(), "before I go");
    link.client->next(OpCode::ByeResponse);
    link.client->nextClosed(link.atClient);
}

TEST(ByeRequest, WhatThePeerHadQueuedStillArrives) {
    Link link;
    link.client->post(OpCode::ByeRequest, link.atClient);
    MessagePtr bye = link.server->next(OpCode::ByeRequest);
    for (int i = 0; i < 500; ++i)
        link.server->post(OpCode::Signal, link.atServer, std::to_string(i));
    bye.reset();  // the engine answers behind them
    for (int i = 0; i < 500; ++i)
        ASSERT_EQ(link.client->next(OpCode::Signal)->body.view(), std::to_string(i));
    link.client->next(OpCode::ByeResponse);
    link.client->nextClosed(link.atClient);
}

TEST(ByeRequest, WhatIsPostedBehindItComesBack) {
    Link link;
    link.client->post(OpCode::ByeRequest, link.atClient);
    const MessagePtr bye = link.server->next(OpCode::ByeRequest);  // not answered yet
    const BinaryHeader late = link.client->post(OpCode::Request, link.atClient, "too late");
    MessagePtr answer = link.server->make(OpCode::ByeResponse, link.atServer, {}, bye->header.messageId);
    link.server->post(std::move(answer));
    link.client->next(OpCode::ByeResponse);
    const MessagePtr returned = link.client->next(OpCode::Request, Status::Returned);
    EXPECT_EQ(returned->header.messageId, late.messageId);
    EXPECT_EQ(returned->body.view(), "too late");
    link.client->nextClosed(link.atClient);
    link.client->expectNothingMore();
}

/// Everything up to the end of one side of crossing byes: the peer's bye is there, nothing is an error.
void expectCrossed(Party& party, ChannelNumber channel) {
    party.next(OpCode::ByeRequest);  // dropped unanswered
    MessagePtr message = party.next();
    if (message->header.opCode == OpCode::ByeResponse) message = party.next();
    EXPECT_TRUE(isClosedNotice(*message)) << dump(*message);
    EXPECT_EQ(message->header.channelNumber, channel);
    EXPECT_THAT(reasonOf(*message), HasSubstr("bye"));
    party.expectNothingMore();
}

/// Both byes are sent before either side takes the other's.
TEST(ByeRequest, CrossingByesEndBothSides) {
    Link link;
    link.client->post(OpCode::ByeRequest, link.atClient);
    link.server->post(OpCode::ByeRequest, link.atServer);
    auto serverDone =
        std::async(std::launch::async, [&] { expectCrossed(link.server.party, link.atServer); });
    expectCrossed(link.client.party, link.atClient);
    serverDone.get();
    EXPECT_EQ(link.client.reactor.stats().violations, 0U);
    EXPECT_EQ(link.server.reactor.stats().violations, 0U);
}

TEST(ByeRequest, MayBePostedBeforeTheChannelIsConnected) {
    Side server;
    Side client;
    const Address address = server->listen(localTcp()).address;
    const BinaryHeader hello = client->sayHello(address);
    client->post(OpCode::Request, hello.channelNumber, "one request");
    client->post(OpCode::ByeRequest, hello.channelNumber);
    server->next(OpCode::HelloRequest);
    EXPECT_EQ(server->next(OpCode::Request)->body.view(), "one request");
    server->next(OpCode::ByeRequest);
    server->waitFor(OpCode::Signal, Status::ChannelClosed);
    client->next(OpCode::ByeResponse);
    client->nextClosed(hello.channelNumber);
}

TEST(ByeRequest, APeerThatNeverAnswersCostsTheByeTimeout) {
    RawServer server;
    Side client(Options{.byeTimeout = 50ms});
    const BinaryHeader hello = client->sayHello(TcpClientAddress{"127.0.0.1", server.port()});
    RawPeer peer = server.accept();
    peer.acceptHello();
    client->next(OpCode::HelloResponse);
    client->post(OpCode::ByeRequest, hello.channelNumber);
    EXPECT_EQ(peer.readFrame().opCode, OpCode::ByeRequest);
    const MessagePtr notice = client->nextClosed(hello.channelNumber);
    EXPECT_THAT(reasonOf(*notice), HasSubstr("byeTimeout"));
    EXPECT_TRUE(peer.readsEnd());
    client->expectNothingMore();
}

TEST(ByeRequest, APeerThatClosesInsteadOfAnsweringEndsTheChannel) {
    RawServer server;
    Side client;
    const BinaryHeader hello = client->sayHello(TcpClientAddress{"127.0.0.1", server.port()});
    RawPeer peer = server.accept();
    peer.acceptHello();
    client->next(OpCode::HelloResponse);
    client->post(OpCode::ByeRequest, hello.channelNumber);
    peer.readFrame();
    peer.close();
    const MessagePtr notice = client->nextClosed(hello.channelNumber);
    EXPECT_THAT(reasonOf(*notice), HasSubstr("PeerDisconnected"));
    client->expectNothingMore();
}

TEST(ByeSignal, ClosesAtOnceAndReturnsTheQueue) {
    RawServer server;
    Side client(Options{.sendBufferBytes = RawServer::bufferBytes});
    const BinaryHeader hello = client->sayHello(TcpClientAddress{"127.0.0.1", server.port()});
    RawPeer peer = server.accept();
    peer.acceptHello();
    client->next(OpCode::HelloResponse);
    const std::string body(60'000, 'b');
    constexpr int count = 60;  // far more than the buffers of both sides hold
    std::vector<MessageId> posted;
    for (int i = 0; i < count; ++i)
        posted.push_back(client->post(OpCode::Request, hello.channelNumber, body).messageId);
    client->post(OpCode::ByeSignal, hello.channelNumber);

    std::vector<MessagePtr> back = client->collectUntilClosed(hello.channelNumber);
    EXPECT_THAT(reasonOf(*back.back()), HasSubstr("locally"));
    back.pop_back();
    ASSERT_GT(back.size(), 0U);
    // What was not sent whole comes back, in order: the tail of what was posted.
    for (std::size_t i = 0; i < back.size(); ++i) {
        EXPECT_EQ(back[i]->header.messageId, posted[posted.size() - back.size() + i]);
        EXPECT_EQ(statusOf(*back[i]), Status::Returned);
        EXPECT_EQ(back[i]->body.view(), body);
    }
    EXPECT_EQ(client->group.stats().returned[Status::Returned], back.size());
    EXPECT_EQ(client->group.stats().sent.messages, 1 + posted.size() - back.size());
}

/// Signals with the hello's id too: whoever looks for the end by status and id would take them for it.
TEST(ByeSignal, OnlyOneMessageIsTheEndOfTheChannelHoweverMuchComesBack) {
    RawServer server;
    Side client;
    const BinaryHeader hello = client->sayHello(TcpClientAddress{"127.0.0.1", server.port()});
    client->post(OpCode::ByeRequest, hello.channelNumber);
    for (const MessageId id : {MessageId{0}, hello.messageId})
        client->post(client->make(OpCode::Signal, hello.channelNumber, {}, id));
    RawPeer peer = server.accept();
    while (peer.readFrame().opCode != OpCode::ByeRequest)
        continue;
    client->post(OpCode::ByeSignal, hello.channelNumber);
    EXPECT_FALSE(client->next(OpCode::Signal, Status::Returned)->isChannelClosed());
    const MessagePtr withHelloId = client->next(OpCode::Signal, Status::Returned);
    EXPECT_EQ(withHelloId->header.messageId, hello.messageId);
    EXPECT_FALSE(withHelloId->isChannelClosed());
    const MessagePtr end = client->next();
    EXPECT_TRUE(end->isChannelClosed()) << dump(*end);
    EXPECT_THAT(reasonOf(*end), HasSubstr("ChannelClosed: closed locally"));
    client->expectNothingMore();
    EXPECT_EQ(client->group.stats().returned[Status::Returned], 2U);
    EXPECT_EQ(client->group.stats().returned[Status::ChannelClosed], 0U);
    EXPECT_EQ(client->group.stats().returned.total(), 2U);
}

/// What is posted between the end and its ChannelClosed comes back as well.
TEST(ByeSignal, WhatIsPostedBehindItComesBackAsReturned) {
    Link link;
    link.client->post(OpCode::ByeSignal, link.atClient);
    ASSERT_TRUE(eventually(
        [&] { return link.client->channels.channelInfo(link.atClient).state == ChannelPhase::Closed; }));
    link.client->post(OpCode::Signal, link.atClient, "late");
    EXPECT_EQ(link.client->next(OpCode::Signal, Status::Returned)->body.view(), "late");
    EXPECT_TRUE(link.client->next()->isChannelClosed());
    EXPECT_EQ(link.client->group.stats().returned[Status::Returned], 1U);
}

TEST(ByeSignal, NeverCrossesTheWire) {
    Link link;
    link.client->post(OpCode::ByeSignal, link.atClient);
    link.client->nextClosed(link.atClient);
    const MessagePtr notice = link.server->nextClosed(link.atServer);
    EXPECT_THAT(reasonOf(*notice), HasSubstr("PeerDisconnected"));
    link.server->expectNothingMore();
}

TEST(ByeSignal, OnTheServersSideClosesToo) {
    Link link;
    link.server->post(OpCode::ByeSignal, link.atServer);
    link.server->nextClosed(link.atServer);
    link.client->nextClosed(link.atClient);
}

}  // namespace
}  // namespace tempeh::test

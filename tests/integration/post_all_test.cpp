// postAll: many messages at once, from wherever.

#include "support/engine_fixture.hpp"
#include "support/raw_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <optional>
#include <string>
#include <vector>

namespace tempeh::test {
namespace {

/// Who calls postAll.
enum class Place { Reactor, Thread, Facade, CoroutineElsewhere };

std::string nameOf(Place place) {
    switch (place) {
        case Place::Reactor:
            return "Reactor";
        case Place::Thread:
            return "Thread";
        case Place::Facade:
            return "Facade";
        case Place::CoroutineElsewhere:
            return "CoroutineElsewhere";
    }
    return {};
}

struct Outcome {
    std::size_t posted = 0;
    error_code ec;
};

asio::awaitable<Outcome> postInCoroutine(ChannelGroup& group, MessageQueue& messages) {
    Outcome outcome;
    outcome.posted = group.postAll(messages, outcome.ec);
    co_return outcome;
}

class PostAll : public testing::TestWithParam<Place> {
protected:
    /// As the parameter says.
    static Outcome postAll(Side& side, MessageQueue& messages) {
        Outcome outcome;
        const auto post = [&] { outcome.posted = side->group.postAll(messages, outcome.ec); };
        switch (GetParam()) {
            case Place::Reactor:
                asio::post(side.reactor.executor(), asio::use_future(post)).get();
                break;
            case Place::Thread:
                post();
                break;
            case Place::Facade:
                outcome.posted = side->channels.postAll(messages, outcome.ec);
                break;
            case Place::CoroutineElsewhere: {
                asio::thread_pool elsewhere(1);
                outcome = asio::co_spawn(elsewhere.get_executor(), postInCoroutine(side->group, messages),
                                         asio::use_future)
                              .get();
                break;
            }
        }
        return outcome;
    }

    static void expectAllPosted(const Outcome& outcome, std::size_t count, const MessageQueue& left) {
        EXPECT_EQ(outcome.posted, count);
        EXPECT_FALSE(outcome.ec) << outcome.ec;
        EXPECT_TRUE(left.empty());
    }
};

INSTANTIATE_TEST_SUITE_P(From, PostAll,
                         testing::Values(Place::Reactor, Place::Thread, Place::Facade,
                                         Place::CoroutineElsewhere),
                         [](const auto& one) { return nameOf(one.param); });

/// Bodies on both sides of the limits at which the engine handles them otherwise.
std::string bodyOf(int number) {
    constexpr std::size_t sizes[] = {0, 1, 90, 512, 4095, 4096, 9000, 40'000};
    return std::to_string(number) + ':' + std::string(sizes[static_cast<std::size_t>(number) % 8], 'b');
}

TEST_P(PostAll, PostsEverythingInOrder) {
    Link link;
    constexpr int count = 200;
    MessageQueue messages;
    for (int i = 0; i < count; ++i)
        messages.pushBack(link.client->make(OpCode::Signal, link.atClient, bodyOf(i)));
    expectAllPosted(postAll(link.client, messages), count, messages);
    for (int i = 0; i < count; ++i)
        ASSERT_EQ(link.server->next(OpCode::Signal)->body.view(), bodyOf(i));
    link.client->expectNothingMore();
    EXPECT_TRUE(eventually([&] { return link.client->group.stats().sent.messages == count + 1; }));
}

TEST_P(PostAll, GivesIdsToThoseThatHaveNone) {
    Link link;
    MessageQueue messages;
    for (const MessageId id : {0U, 77U, 0U, 0U, 78U})
        messages.pushBack(link.client->make(OpCode::Request, link.atClient, {}, id));
    expectAllPosted(postAll(link.client, messages), 5, messages);
    std::vector<MessageId> ids;
    for (int i = 0; i < 5; ++i)
        ids.push_back(link.server->next(OpCode::Request)->header.messageId);
    EXPECT_EQ(ids[1], 77U);
    EXPECT_EQ(ids[4], 78U);
    EXPECT_NE(ids[0], 0U);
    EXPECT_GT(ids[2], ids[0]);
    EXPECT_GT(ids[3], ids[2]);
}

TEST_P(PostAll, OfOneMessageIsAPost) {
    Link link;
    for (int i = 0; i < 50; ++i) {
        MessageQueue messages;
        messages.pushBack(link.client->make(OpCode::Request, link.atClient, bodyOf(i)));
        expectAllPosted(postAll(link.client, messages), 1, messages);
        MessagePtr request = link.server->next(OpCode::Request);
        EXPECT_EQ(request->body.view(), bodyOf(i));
        link.server->post(OpCode::Signal, link.atServer);
        link.client->next(OpCode::Signal);
    }
}

TEST_P(PostAll, OfNothingDoesNothing) {
    Link link;
    MessageQueue none;
    expectAllPosted(postAll(link.client, none), 0, none);
    link.client.reactor.shutdown(patience);
    expectAllPosted(postAll(link.client, none), 0, none);
}

TEST_P(PostAll, GoesToSeveralChannels) {
    Link link;
    link.client->sayHello(link.listening.address);
    const ChannelNumber atServer = link.server->acceptHello();
    const ChannelNumber second = link.client->next(OpCode::HelloResponse)->header.channelNumber;
    MessageQueue messages;
    for (int i = 0; i < 100; ++i)
        messages.pushBack(link.client->make(OpCode::Signal, i % 3 == 0 ? second : link.atClient, bodyOf(i)));
    expectAllPosted(postAll(link.client, messages), 100, messages);
    std::vector<int> expected[2];
    for (int i = 0; i < 100; ++i)
        expected[i % 3 == 0].push_back(i);
    std::vector<int> received[2];
    for (int i = 0; i < 100; ++i) {
        const MessagePtr message = link.server->next(OpCode::Signal);
        received[message->header.channelNumber == atServer].push_back(
            std::stoi(std::string(message->body.view())));
    }
    EXPECT_EQ(received[0], expected[0]);
    EXPECT_EQ(received[1], expected[1]);
}

TEST_P(PostAll, StopsAtAnotherGroupsChannel) {
    Link link;
    Party stranger(link.client.reactor);
    stranger.sayHello(link.listening.address);
    link.server->acceptHello();
    const ChannelNumber foreign = stranger.next(OpCode::HelloResponse)->header.channelNumber;
    MessageQueue messages;
    for (const ChannelNumber channel : {link.atClient, foreign, link.atClient})
        messages.pushBack(link.client->make(OpCode::Signal, channel));
    const Outcome outcome = postAll(link.client, messages);
    EXPECT_EQ(outcome.posted, 1U);
    EXPECT_EQ(outcome.ec, Status::InvalidChannelGroup);
    EXPECT_EQ(messages.size(), 2U);
    EXPECT_EQ(messages.front()->header.channelNumber, foreign);
}

TEST_P(PostAll, StopsAtAListenersChannel) {
    Link link;
    MessageQueue messages;
    for (const ChannelNumber channel : {link.atServer, link.listening.channel, link.atServer})
        messages.pushBack(link.server->make(OpCode::Signal, channel));
    const Outcome outcome = postAll(link.server, messages);
    MessagePtr alone = link.server->make(OpCode::Signal, link.listening.channel);
    EXPECT_EQ(outcome.posted, 1U);
    EXPECT_EQ(outcome.ec, make_error_code(link.server->tryPost(alone)));
    EXPECT_EQ(messages.size(), 2U);
}

TEST_P(PostAll, TakesAHelloInTheMiddle) {
    Link link;
    MessageQueue messages;
    messages.pushBack(link.client->make(OpCode::Signal, link.atClient, "before"));
    messages.pushBack(link.client->makeFor(link.listening.address));
    messages.pushBack(link.client->make(OpCode::Signal, link.atClient, "behind"));
    expectAllPosted(postAll(link.client, messages), 3, messages);
    std::vector<std::string> signals;
    for (int i = 0; i < 3; ++i) {
        MessagePtr message = link.server->next();
        if (message->header.opCode == OpCode::Signal) {
            signals.emplace_back(message->body.view());
            continue;
        }
        ASSERT_EQ(message->header.opCode, OpCode::HelloRequest);
        message->header.opCode = OpCode::HelloResponse;
        link.server->post(std::move(message));
    }
    EXPECT_EQ(signals, (std::vector<std::string>{"before", "behind"}));
    EXPECT_NE(link.client->next(OpCode::HelloResponse)->header.channelNumber, link.atClient);
}

TEST_P(PostAll, WhatIsBehindAByeRequestComesBack) {
    Link link;
    MessageQueue messages;
    messages.pushBack(link.client->make(OpCode::Signal, link.atClient, "before"));
    messages.pushBack(link.client->make(OpCode::ByeRequest, link.atClient));
    messages.pushBack(link.client->make(OpCode::Signal, link.atClient, "behind"));
    messages.pushBack(link.client->make(OpCode::Signal, link.atClient, "last"));
    expectAllPosted(postAll(link.client, messages), 4, messages);
    EXPECT_EQ(link.server->next(OpCode::Signal)->body.view(), "before");
    link.server->next(OpCode::ByeRequest).reset();  // the engine answers
    link.server->nextClosed(link.atServer);
    std::vector<std::string> back;
    for (const MessagePtr& message : link.client->collectUntilClosed(link.atClient))
        if (message->isFromEngine() && !isClosedNotice(*message)) back.emplace_back(message->body.view());
    EXPECT_EQ(back, (std::vector<std::string>{"behind", "last"}));
    EXPECT_EQ(link.client->group.stats().returned.total(), 2U);
}

TEST_P(PostAll, OnAChannelThatHasEndedEverythingComesBackBeforeTheNotice) {
    Link link;
    link.server->post(OpCode::ByeSignal, link.atServer);
    // Its notice waits, and is not taken.
    ASSERT_TRUE(eventually([&] { return link.client->group.stats().pending == 1; }));
    MessageQueue messages;
    for (const char* const body : {"a", "b", "c"})
        messages.pushBack(link.client->make(OpCode::Signal, link.atClient, body));
    expectAllPosted(postAll(link.client, messages), 3, messages);
    std::string back;
    for (const MessagePtr& message : link.client->collectUntilClosed(link.atClient))
        back += message->body.view();
    EXPECT_EQ(back, "abc");
}

TEST_P(PostAll, AfterTheShutdownEverythingStays) {
    Link link;
    link.client.reactor.shutdown(patience);
    MessageQueue messages;
    for (const char* const body : {"a", "b"})
        messages.pushBack(link.client->make(OpCode::Signal, link.atClient, body));
    const Outcome outcome = postAll(link.client, messages);
    EXPECT_EQ(outcome.posted, 0U);
    EXPECT_EQ(outcome.ec, Status::ShutdownStarted);
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_EQ(messages.front()->body.view(), "a");
}

/// A peer that reads what the test tells it to.
class PostAllToASlowPeer : public PostAll {
protected:
    static constexpr std::size_t bodySize = 60'000;

    PostAllToASlowPeer() {
        peer_.acceptHello();
        client_->next(OpCode::HelloResponse);
    }
    MessageQueue make(MessageId from, MessageId to) {
        MessageQueue messages;
        for (MessageId id = from; id != to; ++id)
            messages.pushBack(client_->make(OpCode::Signal, channel_, std::string(bodySize, 'b'), id));
        return messages;
    }

    RawServer server_;
    Side client_{Options{.sendQueueMessages = 16, .sendBufferBytes = RawServer::bufferBytes}};
    ChannelNumber channel_ = client_->sayHello(TcpClientAddress{"127.0.0.1", server_.port()}).channelNumber;
    RawPeer peer_{server_.accept()};
};

INSTANTIATE_TEST_SUITE_P(From, PostAllToASlowPeer,
                         testing::Values(Place::Reactor, Place::Thread, Place::Facade,
                                         Place::CoroutineElsewhere),
                         [](const auto& one) { return nameOf(one.param); });

TEST_P(PostAllToASlowPeer, StopsWhereTheSendQueueIsFullAndGoesOnLater) {
    constexpr MessageId count = 100;
    MessageQueue messages = make(1, count + 1);
    MessageId posted = 0;
    MessageId read = 0;
    bool wasFull = false;
    while (posted < count) {
        const Outcome outcome = postAll(client_, messages);
        posted += outcome.posted;
        ASSERT_EQ(messages.size(), count - posted);
        if (messages.empty()) {
            ASSERT_FALSE(outcome.ec) << outcome.ec;
            break;
        }
        ASSERT_EQ(outcome.ec, Status::SendQueueFull);
        ASSERT_EQ(messages.front()->header.messageId, posted + 1) << "what is left is in order";
        wasFull = true;
        while (!client_->channels.waitWritable(channel_, 0s))
            ASSERT_EQ(peer_.readFrame().messageId, ++read);
    }
    EXPECT_TRUE(wasFull);
    while (read < count)
        ASSERT_EQ(peer_.readFrame().messageId, ++read);
}

TEST_P(PostAllToASlowPeer, AByeFindsAPlaceInAFullQueue) {
    MessageQueue messages = make(1, 100);
    const std::size_t posted = postAll(client_, messages).posted;
    messages.clear();
    messages.pushBack(client_->make(OpCode::ByeRequest, channel_));
    messages.pushBack(client_->make(OpCode::Signal, channel_, "behind"));
    const Outcome outcome = postAll(client_, messages);
    EXPECT_EQ(outcome.posted, 1U);
    EXPECT_EQ(outcome.ec, Status::SendQueueFull);
    EXPECT_EQ(messages.size(), 1U);
    for (MessageId id = 1; id <= posted; ++id)
        ASSERT_EQ(peer_.readFrame().messageId, id);
    EXPECT_EQ(peer_.readFrame().opCode, OpCode::ByeRequest);
}

TEST(PostAllThrowing, ThrowsAfterTheOthersWerePosted) {
    Link link;
    for (const bool isFacade : {false, true}) {
        MessageQueue messages;
        messages.pushBack(link.client->make(OpCode::Signal, link.atClient, "good"));
        messages.pushBack(link.client->make(OpCode::WelcomeResponse, link.atClient, "bad", 1));
        messages.pushBack(link.client->make(OpCode::Signal, link.atClient, "behind"));
        try {
            isFacade ? link.client->channels.postAll(messages) : link.client->group.postAll(messages);
            ADD_FAILURE() << "it did not throw";
        } catch (const Error& error) {
            EXPECT_EQ(error.status(), Status::InvalidOpCode);
            EXPECT_NE(std::string(error.what()).find("WelcomeResponse"), std::string::npos) << error.what();
        }
        ASSERT_EQ(messages.size(), 2U);
        EXPECT_EQ(messages.popFront()->body.view(), "bad");
        EXPECT_EQ(isFacade ? link.client->channels.postAll(messages) : link.client->group.postAll(messages),
                  1U);
        EXPECT_EQ(link.server->next()->body.view(), "good");
        EXPECT_EQ(link.server->next()->body.view(), "behind");
    }
}

TEST(PostAllThrowing, AnEmptyHandleRefusesEverything) {
    ChannelGroup none;
    MessageQueue messages;
    messages.pushBack(MessagePtr(new Message));
    error_code ec;
    EXPECT_EQ(none.postAll(messages, ec), 0U);
    EXPECT_EQ(ec, Status::InvalidChannelGroup);
    EXPECT_EQ(messages.size(), 1U);
    EXPECT_THROW(none.postAll(messages), Error);
    EXPECT_EQ(messages.size(), 1U);
}

TEST(PostAllThrowing, AGroupWhoseEngineIsGoneRefusesEverything) {
    std::optional<Reactor> reactor(std::in_place);
    ChannelGroup group = reactor->createGroup();
    MessageQueue messages;
    messages.pushBack(reactor->get());
    messages.pushBack(reactor->get());
    for (Message& message : messages)
        message.header = {.channelNumber = 1, .opCode = OpCode::Signal};
    reactor.reset();
    error_code ec;
    EXPECT_EQ(group.postAll(messages, ec), 0U);
    EXPECT_EQ(ec, Status::ShutdownStarted);
    EXPECT_EQ(messages.size(), 2U);
}

}  // namespace
}  // namespace tempeh::test

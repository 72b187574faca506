// tryReceiveAll: everything that is there at once.

#include "support/engine_fixture.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <string>
#include <vector>

namespace tempeh::test {
namespace {

std::vector<std::string> bodiesOf(const MessageQueue& messages) {
    std::vector<std::string> bodies;
    for (const Message& message : messages)
        bodies.emplace_back(message.body.view());
    return bodies;
}

std::vector<std::string> numbers(int from, int to) {
    std::vector<std::string> all;
    for (int i = from; i < to; ++i)
        all.push_back(std::to_string(i));
    return all;
}

/// Lets so many messages arrive at the server and wait there.
void arrive(Link& link, int from, int to) {
    for (int i = from; i < to; ++i)
        link.client->post(OpCode::Signal, link.atClient, std::to_string(i));
    const auto count = static_cast<std::size_t>(to - from);
    ASSERT_TRUE(eventually([&] { return link.server->group.stats().pending == count; }));
}

TEST(ReceiveAll, GivesWhatHasArrivedInOrder) {
    Link link;
    arrive(link, 0, 200);
    EXPECT_EQ(bodiesOf(link.server->group.tryReceiveAll()), numbers(0, 200));
    EXPECT_EQ(link.server->group.stats().pending, 0U);
    EXPECT_TRUE(link.server->group.tryReceiveAll().empty());
    arrive(link, 200, 300);
    EXPECT_EQ(link.server->next()->body.view(), "200") << "the first of the burst";
    EXPECT_EQ(bodiesOf(link.server->channels.tryReceiveAll()), numbers(201, 300)) << "and the rest";
    error_code ec = make_error_code(Status::UnknownError);
    EXPECT_TRUE(link.server->channels.tryReceiveAll(ec).empty());
    EXPECT_FALSE(ec);
}

TEST(ReceiveAll, MayBeCalledOnTheReactorToo) {
    Link link;
    arrive(link, 0, 100);
    const auto take = [&] { return bodiesOf(link.server->group.tryReceiveAll()); };
    EXPECT_EQ(asio::post(link.server.reactor.executor(), asio::use_future(take)).get(), numbers(0, 100));
}

TEST(ReceiveAll, MessagesGoBackToThePoolWithTheQueue) {
    Link link;
    arrive(link, 0, 50);
    const std::uint64_t before = link.server.reactor.stats().pool.outstanding;
    link.server->group.tryReceiveAll();
    EXPECT_EQ(link.server.reactor.stats().pool.outstanding, before - 50);
}

TEST(ReceiveAll, AChannelClosedComesWithTheNextCallBehindWhatWasPostedLate) {
    Link link;
    arrive(link, 0, 2);
    link.client->post(OpCode::ByeSignal, link.atClient);
    ASSERT_TRUE(eventually([&] { return link.server->group.stats().pending == 3; }));
    EXPECT_EQ(bodiesOf(link.server->group.tryReceiveAll()), numbers(0, 2));
    // Its number is still valid, so that these can be answered in vain.
    link.server->post(OpCode::Signal, link.atServer, "late");
    const MessageQueue late = link.server->group.tryReceiveAll();
    ASSERT_EQ(bodiesOf(late), std::vector<std::string>{"late"});
    EXPECT_TRUE(late.front()->isFromEngine());
    EXPECT_NE(statusOf(*late.front()), Status::ChannelClosed);
    const MessageQueue last = link.server->group.tryReceiveAll();
    ASSERT_EQ(last.size(), 1U);
    EXPECT_TRUE(isClosedNotice(*last.front())) << dump(*last.front());
    EXPECT_EQ(link.server->group.stats().pending, 0U);
    EXPECT_EQ(link.server->tryPost(link.server->make(OpCode::Signal, link.atServer)),
              Status::InvalidChannelNumber)
        << "taken, so the number is free";
}

TEST(ReceiveAll, IsNotAllowedWhileAnotherReceiverIsOnItsWay) {
    Side side;
    asio::io_context elsewhere;  // runs when the test says so
    std::string received;
    side->group.waitReceive(asio::bind_executor(elsewhere, [&](const error_code& ec, MessagePtr message) {
        EXPECT_FALSE(ec) << ec;
        received = message->body.view();
    }));
    side->channels.updateReceiver(side->make(OpCode::Signal, 0, "its own"));
    side->channels.updateReceiver(side->make(OpCode::Signal, 0, "another"));
    error_code ec;
    EXPECT_TRUE(side->group.tryReceiveAll(ec).empty());
    EXPECT_EQ(ec, Status::NotAllowed);
    EXPECT_THROW(side->group.tryReceiveAll(), Error);
    EXPECT_THROW(side->channels.tryReceiveAll(), Error);
    elsewhere.run();
    EXPECT_EQ(received, "its own");
    EXPECT_EQ(bodiesOf(side->group.tryReceiveAll()), std::vector<std::string>{"another"});
}

TEST(ReceiveAll, TellsTheShutdownOnceEverythingIsTaken) {
    Link link;
    arrive(link, 0, 3);
    link.server.reactor.shutdown(patience);
    EXPECT_EQ(bodiesOf(link.server->group.tryReceiveAll()), numbers(0, 3));
    EXPECT_TRUE(isClosedNotice(*link.server->group.tryReceiveAll().front()));
    // The listener's.
    EXPECT_TRUE(isClosedNotice(*link.server->group.tryReceiveAll().front()));
    error_code ec;
    EXPECT_TRUE(link.server->group.tryReceiveAll(ec).empty());
    EXPECT_EQ(ec, Status::ShutdownStarted);
    EXPECT_TRUE(link.server->channels.tryReceiveAll(ec).empty());
    EXPECT_EQ(ec, Status::ShutdownStarted);
    EXPECT_THROW(link.server->group.tryReceiveAll(), Error);
}

TEST(ChannelGroup, EveryCallOfAnEmptyHandleFails) {
    ChannelGroup none;
    const auto fails = [](auto call) {
        try {
            call();
        } catch (const Error& error) {
            return error.status() == Status::InvalidChannelGroup;
        }
        return false;
    };
    EXPECT_TRUE(fails([&] { none.post(MessagePtr(new Message())); }));
    EXPECT_TRUE(fails([&] { none.tryReceive(); }));
    EXPECT_TRUE(fails([&] { none.updateReceiver(); }));
    EXPECT_TRUE(fails([&] { none.setReadMode(1, ReadMode::Normal); }));
    EXPECT_TRUE(fails([&] { none.channelInfo(1); }));
    EXPECT_TRUE(fails([&] { none.stats(); }));
    EXPECT_TRUE(fails([&] { none.blocking(); }));
    EXPECT_TRUE(fails([&] { none.executor(); }));
    EXPECT_TRUE(fails([&] { none.now(); }));
    EXPECT_FALSE(none);
}

TEST(ChannelGroup, AFacadeThatWasMovedFromFails) {
    Reactor reactor;
    const ChannelGroup group = reactor.createGroup();
    BlockingChannelGroup channels = group.blocking();
    const BlockingChannelGroup taken = std::move(channels);
    error_code ec;
    // NOLINTBEGIN(bugprone-use-after-move): what this is about
    EXPECT_EQ(channels.waitReceive(patience, ec), nullptr);
    EXPECT_EQ(ec, Status::InvalidChannelGroup);
    EXPECT_THROW(channels.updateReceiver(), Error);
    EXPECT_THROW(channels.waitWritable(1), Error);
    // NOLINTEND(bugprone-use-after-move)
    taken.updateReceiver();
    EXPECT_EQ(statusOf(*taken.waitReceive(patience)), Status::ReceiverUpdate);
}

TEST(ReceiveAll, AnEmptyHandleGivesInvalidChannelGroup) {
    ChannelGroup none;
    error_code ec;
    EXPECT_TRUE(none.tryReceiveAll(ec).empty());
    EXPECT_EQ(ec, Status::InvalidChannelGroup);
    try {
        none.tryReceiveAll();
        ADD_FAILURE() << "the throwing form did not throw";
    } catch (const Error& error) {
        EXPECT_EQ(error.status(), Status::InvalidChannelGroup);
    }
}

}  // namespace
}  // namespace tempeh::test

// docs/concepts/threads.md, "Telling a receiver something".

#include "support/engine_fixture.hpp"

#include <thread>

namespace tempeh::test {
namespace {

TEST(UpdateReceiver, WithoutAMessageDeliversAnEmptySignal) {
    Side side;
    side->channels.updateReceiver();
    const MessagePtr update = side->next(OpCode::Signal, Status::ReceiverUpdate);
    EXPECT_TRUE(update->isFromEngine());
    EXPECT_EQ(update->body.size(), 0U);
    EXPECT_TRUE(update->textHeaders.empty());
    EXPECT_EQ(update->header.channelNumber, 0);
}

TEST(UpdateReceiver, DeliversTheMessageItself) {
    Side side;
    int something = 0;
    MessagePtr message = side->make(OpCode::Request, 0, "for the receiver", 42);
    message->textHeaders.append("topic", "news");
    message->userData = &something;
    const Message* const address = message.get();
    side->group.updateReceiver(std::move(message));
    EXPECT_EQ(message, nullptr);
    const MessagePtr update = side->next(OpCode::Request, Status::ReceiverUpdate);
    EXPECT_EQ(update.get(), address);
    EXPECT_EQ(update->header.messageId, 42U);
    EXPECT_EQ(update->body.view(), "for the receiver");
    EXPECT_EQ(valueOf(*update, "topic"), "news");
    EXPECT_EQ(update->userData, &something);
}

TEST(UpdateReceiver, KeepsTheOrderOfArrival) {
    Side side;
    for (int i = 0; i < 1000; ++i)
        side->channels.updateReceiver(side->make(OpCode::Signal, 0, std::to_string(i)));
    for (int i = 0; i < 1000; ++i)
        EXPECT_EQ(side->next(OpCode::Signal, Status::ReceiverUpdate)->body.view(), std::to_string(i));
}

TEST(UpdateReceiver, WakesABlockedReceiverFromAnyThread) {
    Side side;
    std::thread receiver([&side] {
        for (int i = 0; i < 100; ++i)
            EXPECT_EQ(side->next(OpCode::Signal, Status::ReceiverUpdate)->body.view(), "wake");
    });
    for (int i = 0; i < 100; ++i)
        side->channels.updateReceiver(side->make(OpCode::Signal, 0, "wake"));
    receiver.join();
}

TEST(UpdateReceiver, WakesACoroutine) {
    Side side;
    std::future<MessagePtr> received = side->group.waitReceive(patience, asio::use_future);
    asio::post(side.reactor.executor(), [&side] { side->group.updateReceiver(); });
    const MessagePtr message = received.get();
    ASSERT_NE(message, nullptr);
    EXPECT_EQ(message->status(), Status::ReceiverUpdate);
}

TEST(UpdateReceiver, ReachesItsOwnGroupAlone) {
    Side side;
    Party other(side.reactor);
    side->channels.updateReceiver();
    EXPECT_EQ(other.channels.tryReceive(), nullptr);
    EXPECT_NE(side->channels.tryReceive(), nullptr);
}

TEST(UpdateReceiver, FailsAfterShutdownAndTheCallerKeepsTheMessage) {
    Side side;
    side.reactor.shutdown(patience);
    MessagePtr message = side->make(OpCode::Signal);
    error_code ec;
    side->group.updateReceiver(std::move(message), ec);
    EXPECT_EQ(ec, Status::ShutdownStarted);
    EXPECT_NE(message, nullptr);
    EXPECT_THROW(side->group.updateReceiver(), Error);
}

}  // namespace
}  // namespace tempeh::test

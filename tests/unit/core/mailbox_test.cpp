#include "mailbox_fixture.hpp"

#include <boost/asio/error.hpp>
#include <gtest/gtest.h>

#include <thread>

namespace tempeh::core {
namespace {

using namespace std::chrono_literals;

TEST_F(MailboxTest, GivesMessagesInOrderOfArrival) {
    EXPECT_FALSE(deliver({1, 2}));
    EXPECT_FALSE(deliver({3}));
    EXPECT_EQ(mailbox_.pending(), 3U);
    EXPECT_EQ(take(), 1U);
    EXPECT_FALSE(deliver({4}));
    EXPECT_EQ(take(), 2U);
    EXPECT_EQ(take(), 3U);
    EXPECT_EQ(take(), 4U);
    EXPECT_EQ(take(), 0U);
    EXPECT_FALSE(ec_);
    EXPECT_EQ(mailbox_.pending(), 0U);
}

TEST_F(MailboxTest, AnEmptyBatchWakesNobody) {
    FakeWaiter waiter;
    ASSERT_TRUE(mailbox_.start(waiter));
    EXPECT_FALSE(deliver({}));
    EXPECT_EQ(waiter.resumed, 0);
    mailbox_.forget(waiter);
}

TEST_F(MailboxTest, ABatchWakesTheWaiterOnce) {
    FakeWaiter waiter;
    ASSERT_TRUE(mailbox_.start(waiter));
    EXPECT_TRUE(deliver({1, 2}, true));
    EXPECT_TRUE(waiter.wasInlineAllowed);
    EXPECT_FALSE(deliver({3})) << "it is on its way already";
    EXPECT_EQ(waiter.resumed, 1);
    EXPECT_EQ(finish(waiter), 1U);
    EXPECT_TRUE(isFinished_);
    EXPECT_EQ(take(), 2U);
}

TEST_F(MailboxTest, AWaiterThatFindsSomethingIsResumedButNeverInline) {
    deliver({1});
    FakeWaiter waiter;
    EXPECT_FALSE(mailbox_.start(waiter));
    EXPECT_EQ(waiter.resumed, 1);
    EXPECT_FALSE(waiter.wasInlineAllowed);
    EXPECT_EQ(finish(waiter), 1U);
}

TEST_F(MailboxTest, ASecondWaiterGetsNotAllowedAndTheFirstIsLeftAlone) {
    FakeWaiter first;
    FakeWaiter second;
    ASSERT_TRUE(mailbox_.start(first));
    EXPECT_FALSE(mailbox_.start(second));
    EXPECT_EQ(second.resumed, 1);
    EXPECT_EQ(finish(second), 0U);
    EXPECT_TRUE(isFinished_);
    EXPECT_EQ(ec_, Status::NotAllowed);
    EXPECT_EQ(take(), 0U);
    EXPECT_FALSE(ec_) << "an empty mailbox is looked at without any lock";
    EXPECT_TRUE(deliver({1}));
    EXPECT_EQ(take(), 0U);
    EXPECT_EQ(ec_, Status::NotAllowed) << "the waiter's message is not taken away";
    EXPECT_EQ(finish(first), 1U);
}

TEST_F(MailboxTest, ACancelledWaiterTakesNothing) {
    FakeWaiter waiter;
    ASSERT_TRUE(mailbox_.start(waiter));
    mailbox_.cancel(waiter);
    EXPECT_EQ(waiter.resumed, 1);
    deliver({1});
    EXPECT_EQ(waiter.resumed, 1);
    EXPECT_EQ(finish(waiter), 0U);
    EXPECT_EQ(ec_, boost::asio::error::operation_aborted);
    EXPECT_EQ(take(), 1U);
}

TEST_F(MailboxTest, CancelledBetweenWakeAndFinishItTakesNothingEither) {
    FakeWaiter waiter;
    ASSERT_TRUE(mailbox_.start(waiter));
    deliver({1});
    mailbox_.cancel(waiter);
    EXPECT_EQ(waiter.resumed, 1);
    EXPECT_EQ(finish(waiter), 0U);
    EXPECT_EQ(ec_, boost::asio::error::operation_aborted);
    EXPECT_EQ(take(), 1U);
}

TEST_F(MailboxTest, CancellingAFinishedWaiterDoesNothing) {
    deliver({1});
    FakeWaiter waiter;
    mailbox_.start(waiter);
    finish(waiter);
    FakeWaiter next;
    ASSERT_TRUE(mailbox_.start(next));
    mailbox_.cancel(waiter);
    EXPECT_EQ(next.resumed, 0);
    mailbox_.forget(next);
}

TEST_F(MailboxTest, ATimeoutThatMeetsAMessageGivesTheMessage) {
    FakeWaiter waiter;
    waiter.deadline = TimePoint() + 1s;
    ASSERT_TRUE(mailbox_.start(waiter));
    EXPECT_EQ(mailbox_.expire(TimePoint()), waiter.deadline);
    EXPECT_EQ(mailbox_.expire(waiter.deadline), TimePoint::max());
    EXPECT_EQ(waiter.resumed, 1);
    deliver({1});
    EXPECT_EQ(finish(waiter), 1U);
    EXPECT_FALSE(ec_);
}

TEST_F(MailboxTest, ATimeoutGivesNull) {
    FakeWaiter waiter;
    waiter.deadline = TimePoint() + 1s;
    ASSERT_TRUE(mailbox_.start(waiter));
    mailbox_.expire(waiter.deadline);
    EXPECT_EQ(finish(waiter), 0U);
    EXPECT_TRUE(isFinished_);
    EXPECT_FALSE(ec_);
    EXPECT_EQ(mailbox_.expire(TimePoint::max()), TimePoint::max()) << "nobody waits";
}

TEST_F(MailboxTest, AnExpiredWaiterOnAnEmptyMailboxIsOverAtOnce) {
    FakeWaiter waiter;
    waiter.deadline = TimePoint::min();
    EXPECT_FALSE(mailbox_.start(waiter));
    EXPECT_EQ(waiter.resumed, 1);
    EXPECT_EQ(finish(waiter), 0U);
    EXPECT_TRUE(isFinished_);
    EXPECT_FALSE(ec_);
}

TEST_F(MailboxTest, CloseEndsReceivingOnlyWhenDrained) {
    deliver({1, 2});
    EXPECT_EQ(take(), 1U);
    mailbox_.close(make_error_code(Status::ShutdownStarted));
    mailbox_.close(boost::asio::error::operation_aborted);
    EXPECT_EQ(take(), 2U);
    EXPECT_EQ(take(), 0U);
    EXPECT_EQ(ec_, Status::ShutdownStarted) << "the first reason counts";
}

TEST_F(MailboxTest, CloseResumesTheWaiter) {
    FakeWaiter waiter;
    ASSERT_TRUE(mailbox_.start(waiter));
    mailbox_.close(make_error_code(Status::ShutdownStarted));
    EXPECT_EQ(waiter.resumed, 1);
    EXPECT_EQ(finish(waiter), 0U);
    EXPECT_EQ(ec_, Status::ShutdownStarted);
    FakeWaiter late;
    EXPECT_FALSE(mailbox_.start(late));
    finish(late);
    EXPECT_EQ(ec_, Status::ShutdownStarted);
}

TEST_F(MailboxTest, CloseAndClearDropsWhatWaits) {
    deliver({1, 2});
    take();
    deliver({3});
    mailbox_.closeAndClear(boost::asio::error::operation_aborted);
    EXPECT_EQ(mailbox_.pending(), 0U);
    EXPECT_EQ(take(), 0U);
    EXPECT_EQ(ec_, boost::asio::error::operation_aborted);
}

TEST_F(MailboxTest, AForgottenWaiterMakesRoomForAnother) {
    FakeWaiter gone;
    ASSERT_TRUE(mailbox_.start(gone));
    deliver({1});
    mailbox_.forget(gone);
    EXPECT_EQ(take(), 1U);
}

TEST_F(MailboxTest, WhatWasPostedLateComesBeforeTheCloseNotice) {
    const Obligation obligation(Obligation::Kind::CloseNotice, 7, 3);
    deliver({1});
    deliverNotice(9, obligation);
    deliver({2});
    EXPECT_EQ(take(), 1U);
    listener_.late.pushBack(makeMessage(5));
    listener_.late.pushBack(makeMessage(6));
    EXPECT_EQ(take(), 5U);
    EXPECT_EQ(take(), 6U);
    EXPECT_EQ(mailbox_.pending(), 2U);
    EXPECT_EQ(take(), 9U);
    EXPECT_EQ(take(), 2U);
    EXPECT_EQ(listener_.asked, (std::vector<std::uint64_t>{obligation.raw(), obligation.raw()}));
    EXPECT_EQ(mailbox_.pending(), 0U);
}

TEST_F(MailboxTest, ABlockedThreadIsWokenByABatchAndByTheEnd) {
    std::thread other([&] {
        error_code ec;
        const MessagePtr message = mailbox_.receiveBlocking(Duration::max(), Duration::zero(), ec);
        ASSERT_NE(message, nullptr);
        EXPECT_EQ(message->header.messageId, 1U);
        EXPECT_EQ(mailbox_.receiveBlocking(Duration::max(), Duration::zero(), ec), nullptr);
        EXPECT_EQ(ec, Status::ShutdownStarted);
    });
    deliver({1});
    mailbox_.close(make_error_code(Status::ShutdownStarted));
    other.join();
}

TEST_F(MailboxTest, BlockingWithoutTimeLooksOnce) {
    EXPECT_EQ(mailbox_.receiveBlocking(0s, 0s, ec_), nullptr);
    EXPECT_EQ(mailbox_.receiveBlocking(-1s, 0s, ec_), nullptr);
    EXPECT_EQ(mailbox_.receiveBlocking(1ns, 0s, ec_), nullptr);
    EXPECT_EQ(mailbox_.receiveBlocking(1us, 1s, ec_), nullptr);
    EXPECT_FALSE(ec_);
}

TEST_F(MailboxTest, AThreadMayNotBlockWhileAnotherReceiverWaits) {
    FakeWaiter waiter;
    ASSERT_TRUE(mailbox_.start(waiter));
    EXPECT_EQ(mailbox_.receiveBlocking(Duration::max(), Duration::zero(), ec_), nullptr);
    EXPECT_EQ(ec_, Status::NotAllowed);
    mailbox_.forget(waiter);
}

}  // namespace
}  // namespace tempeh::core

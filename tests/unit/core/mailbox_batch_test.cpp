// Whole bursts at once, and messages that come along with the wake.

#include "mailbox_fixture.hpp"

#include <boost/asio/error.hpp>

namespace tempeh::core {
namespace {

using Ids = std::vector<MessageId>;
using namespace std::chrono_literals;

// --- tryReceiveAll ---

TEST_F(MailboxTest, AllAtOnceIsEverythingInOrderAndNothingWhenThereIsNothing) {
    EXPECT_EQ(takeAll(), Ids());
    EXPECT_FALSE(ec_);
    deliver({1, 2});
    deliver({3});
    EXPECT_EQ(takeAll(), (Ids{1, 2, 3}));
    EXPECT_FALSE(ec_);
    EXPECT_EQ(mailbox_.pending(), 0U);
    EXPECT_EQ(takeAll(), Ids());
    EXPECT_FALSE(ec_);
}

TEST_F(MailboxTest, AllAtOnceIsWhatOneReceiverLeftAndWhatCameSince) {
    deliver({1, 2, 3});
    EXPECT_EQ(take(), 1U);
    deliver({4, 5});
    EXPECT_EQ(mailbox_.pending(), 4U);
    EXPECT_EQ(takeAll(), (Ids{2, 3, 4, 5}));
    EXPECT_EQ(mailbox_.pending(), 0U);
    deliver({6});
    EXPECT_EQ(take(), 6U);
}

TEST_F(MailboxTest, AllAtOnceStopsBeforeAChannelClosedWhichComesAlone) {
    deliver({1, 2});
    deliverNotice(9);
    deliver({3, 4});
    EXPECT_EQ(takeAll(), (Ids{1, 2}));
    EXPECT_TRUE(listener_.asked.empty()) << "its number is valid until the notice is taken";
    EXPECT_EQ(mailbox_.pending(), 3U);
    EXPECT_EQ(takeAll(), Ids{9});
    EXPECT_EQ(listener_.asked, (std::vector<std::uint64_t>{closeOf(7).raw()}));
    EXPECT_EQ(mailbox_.pending(), 2U);
    EXPECT_EQ(takeAll(), (Ids{3, 4}));
    EXPECT_EQ(mailbox_.pending(), 0U);
}

TEST_F(MailboxTest, TwoChannelsClosedComeOneAfterTheOther) {
    deliverNotice(8, closeOf(1));
    deliverNotice(9, closeOf(2));
    EXPECT_EQ(takeAll(), Ids{8});
    EXPECT_EQ(takeAll(), Ids{9});
    EXPECT_EQ(takeAll(), Ids());
    EXPECT_EQ(listener_.asked, (std::vector<std::uint64_t>{closeOf(1).raw(), closeOf(2).raw()}));
}

TEST_F(MailboxTest, AllAtOnceGivesWhatWasPostedLateBeforeTheNotice) {
    deliverNotice(9);
    deliver({1});
    listener_.late = makeBatch({5, 6});
    Ids before;
    while (listener_.asked.size() < 2) {
        const Ids some = takeAll();
        ASSERT_FALSE(some.empty());
        before.insert(before.end(), some.begin(), some.end());
        EXPECT_EQ(mailbox_.pending(), 4 - before.size());
    }
    EXPECT_EQ(before, (Ids{5, 6, 9}));
    EXPECT_EQ(takeAll(), Ids{1});
    EXPECT_EQ(mailbox_.pending(), 0U);
}

TEST_F(MailboxTest, AllAtOnceTakesNothingAwayFromAReceiverThatWaits) {
    FakeWaiter waiter;
    ASSERT_TRUE(mailbox_.start(waiter));
    deliver({1, 2});
    EXPECT_EQ(takeAll(), Ids());
    EXPECT_EQ(ec_, Status::NotAllowed);
    EXPECT_EQ(mailbox_.pending(), 2U);
    EXPECT_EQ(finish(waiter), 1U);
    EXPECT_EQ(takeAll(), Ids{2});
    EXPECT_FALSE(ec_);
}

TEST_F(MailboxTest, AllAtOnceTellsTheEndOnceDrained) {
    deliver({1, 2});
    mailbox_.close(make_error_code(Status::ShutdownStarted));
    EXPECT_EQ(takeAll(), (Ids{1, 2}));
    EXPECT_FALSE(ec_);
    EXPECT_EQ(takeAll(), Ids());
    EXPECT_EQ(ec_, Status::ShutdownStarted);
}

TEST_F(MailboxTest, AfterAllAtOnceAWaiterWaits) {
    deliver({1, 2});
    takeAll();
    FakeWaiter waiter;
    EXPECT_TRUE(mailbox_.start(waiter)) << "nothing is there";
    deliver({3});
    EXPECT_EQ(waiter.resumed, 1);
    EXPECT_EQ(finish(waiter), 3U);
}

// --- Messages that come along with the wake ---

TEST_F(MailboxTest, AWaiterThatRunsHereGetsTheFirstMessageAlongWithItsWake) {
    FakeInlineWaiter waiter;
    ASSERT_TRUE(mailbox_.start(waiter));
    EXPECT_TRUE(deliver({1, 2, 3}, true));
    EXPECT_EQ(waiter.handed, Ids{1});
    EXPECT_EQ(waiter.resumed, 0);
    EXPECT_EQ(mailbox_.pending(), 2U);
    EXPECT_EQ(takeAll(), (Ids{2, 3}));
    EXPECT_FALSE(ec_) << "it waits no more";
}

TEST_F(MailboxTest, AfterASingleMessageWasHandedOverTheMailboxIsEmpty) {
    for (MessageId id = 1; id != 4; ++id) {
        FakeInlineWaiter waiter;
        ASSERT_TRUE(mailbox_.start(waiter));
        EXPECT_TRUE(deliver({id}, true));
        EXPECT_EQ(waiter.handed, Ids{id});
        EXPECT_EQ(mailbox_.pending(), 0U);
        EXPECT_EQ(take(), 0U);
    }
    EXPECT_FALSE(deliver({4}, true)) << "nobody waits";
    EXPECT_EQ(take(), 4U);
}

TEST_F(MailboxTest, ItsDeadlineGoesWithAWaiterThatWasHandedItsMessage) {
    FakeInlineWaiter waiter;
    waiter.deadline = TimePoint() + 1s;
    ASSERT_TRUE(mailbox_.start(waiter));
    deliver({1}, true);
    EXPECT_EQ(mailbox_.expire(TimePoint::max()), TimePoint::max());
    mailbox_.cancel(waiter);
    EXPECT_EQ(waiter.resumed, 0);
}

TEST_F(MailboxTest, NothingIsHandedOverWhereUserCodeMustNotRun) {
    FakeInlineWaiter waiter;
    ASSERT_TRUE(mailbox_.start(waiter));
    EXPECT_TRUE(deliver({1}, false));
    EXPECT_TRUE(waiter.handed.empty());
    EXPECT_EQ(waiter.resumed, 1);
    EXPECT_FALSE(waiter.wasInlineAllowed);
    // On its way it gets nothing out of turn.
    EXPECT_FALSE(deliver({2}, true));
    EXPECT_TRUE(waiter.handed.empty());
    EXPECT_EQ(finish(waiter), 1U);
    EXPECT_EQ(take(), 2U);
}

TEST_F(MailboxTest, NothingIsHandedToAWaiterOfAnotherExecutor) {
    FakeWaiter waiter;
    ASSERT_TRUE(mailbox_.start(waiter));
    EXPECT_TRUE(deliver({1}, true));
    EXPECT_EQ(waiter.resumed, 1);
    EXPECT_TRUE(waiter.wasInlineAllowed);
    EXPECT_EQ(finish(waiter), 1U);
}

TEST_F(MailboxTest, AChannelClosedIsNotHandedOver) {
    FakeInlineWaiter waiter;
    ASSERT_TRUE(mailbox_.start(waiter));
    EXPECT_TRUE(deliverNotice(9, closeOf(7), true));
    EXPECT_TRUE(waiter.handed.empty());
    EXPECT_EQ(waiter.resumed, 1);
    listener_.late = makeBatch({5});
    EXPECT_EQ(finish(waiter), 5U) << "what was posted late comes first";
    EXPECT_EQ(take(), 9U);
}

TEST_F(MailboxTest, NothingIsHandedToACancelledWaiter) {
    FakeInlineWaiter waiter;
    ASSERT_TRUE(mailbox_.start(waiter));
    mailbox_.cancel(waiter);
    deliver({1}, true);
    EXPECT_TRUE(waiter.handed.empty());
    EXPECT_EQ(waiter.resumed, 1);
    EXPECT_EQ(finish(waiter), 0U);
    EXPECT_EQ(ec_, boost::asio::error::operation_aborted);
    EXPECT_EQ(take(), 1U);
}

TEST_F(MailboxTest, NothingIsHandedOverOnceTheMailboxIsClosed) {
    FakeInlineWaiter waiter;
    ASSERT_TRUE(mailbox_.start(waiter));
    mailbox_.close(make_error_code(Status::ShutdownStarted));
    deliver({1}, true);
    EXPECT_TRUE(waiter.handed.empty());
    EXPECT_EQ(waiter.resumed, 1);
    EXPECT_EQ(finish(waiter), 1U) << "receiving ends when the mailbox is drained";
}

// --- resumeSoon ---

TEST_F(MailboxTest, ItsOwnerMayTakeAWaiterOver) {
    listener_.takesOver = true;
    FakeWaiter waiter;
    ASSERT_TRUE(mailbox_.start(waiter));
    EXPECT_TRUE(deliver({1}));
    EXPECT_EQ(listener_.offered, (std::vector<detail::Waiter*>{&waiter}));
    EXPECT_EQ(waiter.resumed, 0) << "that is the owner's business now";
    EXPECT_FALSE(deliver({2}));
    EXPECT_EQ(listener_.offered.size(), 1U) << "it is on its way";
    EXPECT_EQ(finish(waiter), 1U);
    EXPECT_EQ(take(), 2U);
}

TEST_F(MailboxTest, AWaiterThatItsOwnerDoesNotTakeOverGoesThroughItsExecutor) {
    FakeWaiter waiter;
    ASSERT_TRUE(mailbox_.start(waiter));
    EXPECT_TRUE(deliver({1}));
    EXPECT_EQ(listener_.offered.size(), 1U);
    EXPECT_EQ(waiter.resumed, 1);
    EXPECT_FALSE(waiter.wasInlineAllowed);
}

TEST_F(MailboxTest, ItsOwnerIsNotAskedWhereTheWaiterMayRunAtOnce) {
    listener_.takesOver = true;
    FakeWaiter waiter;
    ASSERT_TRUE(mailbox_.start(waiter));
    EXPECT_TRUE(deliver({1}, true));
    EXPECT_TRUE(listener_.offered.empty());
    EXPECT_EQ(waiter.resumed, 1);
    EXPECT_EQ(finish(waiter), 1U);
}

TEST_F(MailboxTest, AWaiterTakenOverStillLearnsThatItWasCancelled) {
    listener_.takesOver = true;
    FakeWaiter waiter;
    ASSERT_TRUE(mailbox_.start(waiter));
    deliver({1});
    mailbox_.cancel(waiter);
    EXPECT_EQ(waiter.resumed, 0) << "one way back is enough";
    EXPECT_EQ(finish(waiter), 0U);
    EXPECT_EQ(ec_, boost::asio::error::operation_aborted);
    EXPECT_EQ(take(), 1U);
}

}  // namespace
}  // namespace tempeh::core

#include "core/submit/submit_queue.hpp"

#include "fake_channel.hpp"
#include "message/message_access.hpp"
#include "wire/encoder.hpp"

#include <boost/asio/error.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

namespace tempeh::core {
namespace {

class FakeWaiter final : public detail::Waiter {
public:
    void resume(bool) noexcept override {}
};

class SubmitQueueTest : public ::testing::Test {
protected:
    ChannelPtr open(Channel::Kind kind = Channel::Kind::Io,
                    Channel::QueueLimits limits = FakeChannel::limits) {
        ChannelPtr channel(new FakeChannel(alive_, kind, limits));
        EXPECT_EQ(table_.open(channel, group_), Status::Success);
        return channel;
    }
    static MessagePtr messageFor(const Channel& channel, MessageId id, OpCode opCode = OpCode::Signal) {
        MessagePtr message(new Message);
        message->header.opCode = opCode;
        message->header.channelNumber = channel.number();
        message->header.messageId = id;
        return message;
    }
    using Writer = SubmitQueue::Writer;
    SubmitQueue::Outcome post(const Channel& channel, MessageId id, OpCode opCode = OpCode::Signal,
                              Writer writer = Writer::Caller) {
        MessagePtr message = messageFor(channel, id, opCode);
        BinaryHeader header;
        SubmitQueue::Outcome outcome = queue_.post(group_, message, header, writer);
        EXPECT_EQ(message == nullptr, outcome.status == Status::Success && outcome.writer == nullptr)
            << "the caller keeps what was refused, and what it is to write";
        return outcome;
    }
    /// True: the reactor is to be woken.
    bool submit(const Channel& channel, MessageId id) { return post(channel, id).wake; }
    using Found = std::vector<std::pair<ChannelNumber, std::vector<MessageId>>>;
    /// As the reactor does when a wake arrives.
    Found collect() {
        ChannelList<CollectedTag> channels;
        queue_.collectWake(channels);
        Found found;
        while (!channels.empty()) {
            const ChannelPtr channel(&channels.front(), false);
            channels.pop_front();
            found.emplace_back(channel->number(), takeAccepting(*channel));
        }
        return found;
    }
    static std::vector<MessageId> takeAccepting(Channel& channel) {
        std::vector<MessageId> ids;
        while (const MessagePtr message = channel.accepting.popFront())
            ids.push_back(message->header.messageId);
        channel.acceptingBytes = 0;
        channel.queuedMessages.store(0);
        channel.queuedBytes.store(0);
        return ids;
    }

    int alive_ = 0;
    GroupChannels group_;
    GroupChannels otherGroup_;
    ChannelTable table_{1, 65'534};
    SubmitQueue queue_{table_};
};

TEST_F(SubmitQueueTest, SubmissionsAreGroupedByChannelInOrderAndWakeOnce) {
    const ChannelPtr one = open();
    const ChannelPtr two = open();
    EXPECT_FALSE(queue_.hasSubmissions());
    EXPECT_TRUE(submit(*one, 1));
    EXPECT_FALSE(submit(*two, 2));
    EXPECT_FALSE(submit(*one, 3));
    EXPECT_TRUE(queue_.hasSubmissions());
    EXPECT_EQ(queue_.snapshot(*one).messages, 2U);
    EXPECT_EQ(queue_.snapshot(*one).bytes, 2 * BinaryHeader::wireSize);
    EXPECT_EQ(collect(), (Found{{one->number(), {1, 3}}, {two->number(), {2}}}));
    EXPECT_EQ(queue_.snapshot(*one).bytes, 0U);
    EXPECT_FALSE(queue_.hasSubmissions());
    EXPECT_TRUE(submit(*two, 4)) << "the next one wakes again";
    collect();
}

TEST_F(SubmitQueueTest, WhatIsCollectedOnTheWayToAWakeNeedsNoSecondOne) {
    const ChannelPtr channel = open();
    EXPECT_TRUE(submit(*channel, 1));
    ChannelList<CollectedTag> channels;
    queue_.collect(channels);
    EXPECT_FALSE(submit(*channel, 2)) << "the first wake is still on its way";
    queue_.collect(channels);
    ASSERT_FALSE(channels.empty());
    const ChannelPtr collected(&channels.front(), false);
    channels.pop_front();
    EXPECT_TRUE(channels.empty()) << "once, though it was submitted to twice";
    EXPECT_EQ(collected->accepting.size(), 2U);
}

TEST_F(SubmitQueueTest, AJobIsQueuedOnceAndRunsOnce) {
    int runs = 0;
    const auto count = [&runs] { ++runs; };
    const auto task = std::make_shared<TaskOf<decltype(count)>>(count);
    EXPECT_TRUE(queue_.enlist(*task, task));
    EXPECT_FALSE(queue_.enlist(*task, task));
    EXPECT_TRUE(queue_.hasAnything());
    ChannelList<CollectedTag> channels;
    queue_.collectWake(channels);
    EXPECT_EQ(runs, 0);
    queue_.runTasks();
    EXPECT_EQ(runs, 1);
    EXPECT_FALSE(queue_.hasAnything());
    EXPECT_TRUE(queue_.enlist(*task, task));
    EXPECT_EQ(task.use_count(), 2);
    queue_.dropTasks();
    EXPECT_EQ(task.use_count(), 1);
    EXPECT_EQ(runs, 1);
}

TEST_F(SubmitQueueTest, APollingReactorNeedsNoWake) {
    const ChannelPtr channel = open();
    EXPECT_FALSE(queue_.setPolling(true));
    EXPECT_FALSE(submit(*channel, 1));
    EXPECT_TRUE(queue_.setPolling(false)) << "somebody submitted without a wake";
    collect();
    queue_.setPolling(true);
    EXPECT_FALSE(queue_.setPolling(false));
    EXPECT_TRUE(submit(*channel, 2));
    collect();
}

TEST_F(SubmitQueueTest, AJobThatIsTakenMayBeEnlistedAgainWhenItRunsAndNotBefore) {
    int runs = 0;
    std::shared_ptr<Task> self;
    const auto again = [&] {
        if (++runs == 1) {
            EXPECT_TRUE(queue_.enlist(*self, self)) << "that asks for the next wake";
        }
    };
    self = std::make_shared<TaskOf<decltype(again)>>(again);
    ChannelList<CollectedTag> channels;
    EXPECT_TRUE(queue_.enlist(*self, self));
    queue_.collectWake(channels);
    queue_.enlist(*self, self);
    EXPECT_EQ(self.use_count(), 2) << "it is going to run anyway";
    queue_.collectWake(channels);
    queue_.runTasks();
    EXPECT_EQ(runs, 1) << "what a task enlists comes with the next wake";
    queue_.collectWake(channels);
    queue_.runTasks();
    EXPECT_EQ(runs, 2);
}

TEST_F(SubmitQueueTest, AnEndTakesWhatWaitsAndLaterPostsComeBack) {
    const ChannelPtr channel = open();
    submit(*channel, 1);
    EXPECT_EQ(queue_.end(*channel, Status::PeerDisconnected).size(), 1U);
    EXPECT_TRUE(channel->submissions.hasEnded());
    const SubmitQueue::Outcome late = post(*channel, 2);
    EXPECT_EQ(late.comesBack, Status::PeerDisconnected);
    EXPECT_FALSE(late.wake);
    EXPECT_EQ(channel->counters.returned.get(), 1U);
    const SubmitQueue::Outcome bye = post(*channel, 3, OpCode::ByeSignal);
    EXPECT_NE(bye.dropped, nullptr) << "what it asks is done";
    EXPECT_FALSE(bye.comesBack);
    const MessageQueue back = queue_.takeLateOrRetire(channel->number(), channel->generation());
    ASSERT_EQ(back.size(), 1U);
    EXPECT_EQ(back.front()->header.status, static_cast<std::uint8_t>(Status::PeerDisconnected));
    EXPECT_EQ(back.front()->header.origin, Origin::Engine);
}

TEST_F(SubmitQueueTest, ACloseNoticeGivesWhatCameLateAndThenFreesTheNumber) {
    const ChannelPtr channel = open();
    const ChannelNumber number = channel->number();
    queue_.end(*channel, Status::Returned);
    post(*channel, 1);
    EXPECT_EQ(queue_.takeLateOrRetire(number, channel->generation()).size(), 1U);
    EXPECT_NE(table_.find(number), nullptr);
    EXPECT_TRUE(queue_.takeLateOrRetire(number, channel->generation() + 1).empty());
    EXPECT_NE(table_.find(number), nullptr) << "that was another life of the number";
    EXPECT_TRUE(queue_.takeLateOrRetire(number, channel->generation()).empty());
    EXPECT_EQ(table_.find(number), nullptr);
    EXPECT_EQ(post(*channel, 2).status, Status::InvalidChannelNumber);
    MessagePtr message = messageFor(*channel, 3);
    BinaryHeader header;
    EXPECT_EQ(queue_.postLate(*channel, message, header).status, Status::InvalidChannelNumber);
}

TEST_F(SubmitQueueTest, WhoPostsToAnEndedChannelOnAndOnMeetsItsLimit) {
    const ChannelPtr channel = open(Channel::Kind::Io, {.messages = 2, .bytes = 1000});
    queue_.end(*channel, Status::Returned);
    EXPECT_EQ(post(*channel, 1).status, Status::Success);
    EXPECT_EQ(post(*channel, 2).status, Status::Success);
    EXPECT_EQ(post(*channel, 3).status, Status::SendQueueFull);
}

TEST_F(SubmitQueueTest, ARetiredChannelIsGoneFromViewButAliveUntilBuried) {
    ChannelPtr channel = open();
    const ChannelNumber number = channel->number();
    queue_.end(*channel, Status::Returned);
    EXPECT_TRUE(queue_.retire(*channel));
    EXPECT_FALSE(queue_.retire(*channel)) << "only once";
    EXPECT_EQ(table_.find(number), nullptr);
    channel.reset();
    EXPECT_EQ(alive_, 1) << "the reactor thread may still hold a plain pointer";
    queue_.buryRetired();
    EXPECT_EQ(alive_, 0);
}

TEST_F(SubmitQueueTest, RefusesWhatIsNotForTheGroupOrTheListener) {
    const ChannelPtr channel = open();
    const ChannelPtr listener = open(Channel::Kind::Listener);
    MessagePtr message = messageFor(*channel, 1);
    BinaryHeader header;
    EXPECT_EQ(queue_.post(otherGroup_, message, header, Writer::Caller).status, Status::InvalidChannelGroup);
    message->header.channelNumber = static_cast<ChannelNumber>(channel->number() ^ 1U);
    if (table_.find(message->header.channelNumber) == nullptr) {
        EXPECT_EQ(queue_.post(group_, message, header, Writer::Caller).status, Status::InvalidChannelNumber);
    }
    EXPECT_EQ(post(*listener, 1).status, Status::NotAllowed);
    EXPECT_EQ(post(*listener, 2, OpCode::ByeRequest).status, Status::Success);
}

TEST_F(SubmitQueueTest, TheLimitCountsWhatIsSubmittedAndWhatIsQueued) {
    const ChannelPtr channel = open(Channel::Kind::Io, {.messages = 4, .bytes = 1000});
    Status status = Status::Success;
    EXPECT_TRUE(queue_.isWritable(group_, channel->number(), status));
    channel->queuedMessages.store(2);
    submit(*channel, 1);
    EXPECT_FALSE(queue_.isWritable(group_, channel->number(), status)) << "more than half full";
    EXPECT_EQ(status, Status::Success);
    submit(*channel, 2);
    EXPECT_EQ(post(*channel, 3).status, Status::SendQueueFull);
    EXPECT_EQ(post(*channel, 4, OpCode::ByeRequest).status, Status::Success)
        << "control messages find a place";
    queue_.end(*channel, Status::Returned);
    EXPECT_FALSE(queue_.isWritable(group_, channel->number(), status));
    EXPECT_EQ(status, Status::ChannelClosed);
}

TEST_F(SubmitQueueTest, AThreadThatLeavesTheWritingToTheReactorKeepsItsTurnForLater) {
    const ChannelPtr channel = open();
    channel->sendRight.offer();
    channel->mayAnswerDirectly.store(true);
    const SubmitQueue::Outcome first = post(*channel, 1, OpCode::Signal, Writer::Reactor);
    EXPECT_EQ(first.writer, nullptr);
    EXPECT_TRUE(first.wake);
    EXPECT_TRUE(channel->mayAnswerDirectly.load());
    EXPECT_EQ(post(*channel, 2).writer, nullptr) << "the first is not written";
    EXPECT_EQ(collect(), (Found{{channel->number(), {1, 2}}}));
}

TEST_F(SubmitQueueTest, AThreadWritesItselfWhenTheRightIsOfferedAndNothingIsBefore) {
    const ChannelPtr channel = open();
    channel->sendRight.offer();
    EXPECT_EQ(post(*channel, 1).writer, nullptr) << "nothing was received that this could answer";
    collect();
    EXPECT_TRUE(channel->sendRight.tryClaim());
    channel->sendRight.offer();
    channel->mayAnswerDirectly.store(true);
    EXPECT_EQ(post(*channel, 2).writer, channel.get());
    const SubmitQueue::Outcome second = post(*channel, 3);
    EXPECT_EQ(second.writer, nullptr) << "there is one right";
    EXPECT_TRUE(second.wake);
    EXPECT_FALSE(queue_.returnSendRight(*channel)) << "that wake is on its way";
    EXPECT_EQ(collect(), (Found{{channel->number(), {3}}}));
}

TEST_F(SubmitQueueTest, PostsPlainMessagesUntilOneThatIsNot) {
    const ChannelPtr channel = open();
    MessageQueue messages;
    messages.pushBack(messageFor(*channel, 1));
    messages.pushBack(messageFor(*channel, 2));
    messages.pushBack(messageFor(*channel, 3, OpCode::ByeRequest));
    messages.pushBack(messageFor(*channel, 4));
    bool wake = false;
    EXPECT_EQ(queue_.postPlain(group_, messages, wake), 2U);
    EXPECT_TRUE(wake);
    EXPECT_EQ(messages.size(), 2U);
    messages.popFront();
    detail::MessageAccess::setObligation(*messages.front(), 1);
    EXPECT_EQ(queue_.postPlain(group_, messages, wake), 0U) << "that is settled without the lock";
    detail::MessageAccess::setObligation(*messages.front(), 0);
    EXPECT_EQ(collect(), (Found{{channel->number(), {1, 2}}}));
}

TEST_F(SubmitQueueTest, WordsAboutAChannelComeWithTheNextWake) {
    const ChannelPtr channel = open();
    EXPECT_TRUE(queue_.requestReadMode(*channel, ReadMode::Paused));
    EXPECT_FALSE(queue_.requestByeResponse(channel->number(), channel->generation() + 1)) << "another life";
    EXPECT_FALSE(queue_.requestByeResponse(channel->number(), channel->generation()));
    collect();
    EXPECT_EQ(channel->wantedReadMode, ReadMode::Paused);
    EXPECT_TRUE(channel->isByeDropped);
    queue_.noteReadMode(*channel, ReadMode::Urgent);
    EXPECT_EQ(queue_.snapshot(*channel).readMode, ReadMode::Urgent);
    EXPECT_FALSE(queue_.hasSubmissions());
    queue_.end(*channel, Status::Returned);
    EXPECT_FALSE(queue_.requestReadMode(*channel, ReadMode::Normal));
    EXPECT_FALSE(queue_.hasSubmissions());
}

TEST_F(SubmitQueueTest, ACancelFindsAWaiterThatIsRegisteredAndOnlyThat) {
    const ChannelPtr channel = open();
    FakeWaiter early;
    EXPECT_FALSE(queue_.cancel(early, channel->number()));
    EXPECT_FALSE(queue_.registerWaiter(early, true)) << "cancelled on its way";
    EXPECT_EQ(early.abortReason, boost::asio::error::operation_aborted);
    FakeWaiter waiter;
    EXPECT_TRUE(queue_.registerWaiter(waiter, true));
    EXPECT_TRUE(queue_.cancel(waiter, channel->number()));
    EXPECT_FALSE(queue_.cancel(waiter, channel->number())) << "once";
    collect();
    ASSERT_EQ(channel->cancelled.size(), 1U);
    queue_.deregisterWaiter(waiter);
    EXPECT_TRUE(channel->cancelled.empty());
    FakeWaiter late;
    EXPECT_TRUE(queue_.registerWaiter(late, true));
    queue_.deregisterWaiter(late);
    EXPECT_FALSE(queue_.cancel(late, channel->number())) << "it was resumed";
}

TEST_F(SubmitQueueTest, WhatIsListedIsDroppedWhenTheReactorHasGone) {
    ChannelPtr channel = open();
    submit(*channel, 1);
    const ChannelNumber number = channel->number();
    queue_.dropListed();
    EXPECT_FALSE(queue_.hasSubmissions());
    EXPECT_FALSE(submit(*channel, 2)) << "nobody to be woken";
    queue_.end(*channel, Status::Returned);
    queue_.retire(*channel);
    EXPECT_EQ(table_.find(number), nullptr);
    channel.reset();
    queue_.buryRetired();
    EXPECT_EQ(alive_, 0);
}

TEST_F(SubmitQueueTest, TwoThreadsPostAndTheReactorMissesNothingAndKeepsTheirOrder) {
    constexpr MessageId each = 5000;
    const ChannelPtr one = open(Channel::Kind::Io, {.messages = 1'000'000, .bytes = 1'000'000'000});
    const ChannelPtr two = open(Channel::Kind::Io, {.messages = 1'000'000, .bytes = 1'000'000'000});
    std::atomic<int> wakes{0};
    std::atomic<int> jobRuns{0};
    const auto count = [&] { jobRuns.fetch_add(1); };
    const auto task = std::make_shared<TaskOf<decltype(count)>>(count);
    const auto work = [&](MessageId first) {
        for (MessageId id = first; id < first + each; ++id) {
            if (submit(id % 2 == 0 ? *one : *two, id)) wakes.fetch_add(1);
            if (id % 16 == 0 && queue_.enlist(*task, task)) wakes.fetch_add(1);
        }
    };
    std::thread lower(work, 1);
    std::thread upper(work, 1'000'001);
    std::vector<MessageId> got;
    while (got.size() < 2 * each) {
        if (wakes.load() == 0) {
            std::this_thread::yield();
            continue;
        }
        wakes.fetch_sub(1);
        for (const auto& [number, ids] : collect())
            got.insert(got.end(), ids.begin(), ids.end());
        queue_.runTasks();
    }
    lower.join();
    upper.join();
    while (wakes.load() != 0) {
        wakes.fetch_sub(1);
        collect();
        queue_.runTasks();
    }
    EXPECT_FALSE(queue_.hasAnything());
    EXPECT_GT(jobRuns.load(), 0);
    MessageId last[2][2] = {};  // of each thread, to each channel
    for (const MessageId id : got) {
        MessageId& before = last[id > 1'000'000 ? 1 : 0][id % 2];
        EXPECT_LT(before, id);
        before = id;
    }
}

}  // namespace
}  // namespace tempeh::core

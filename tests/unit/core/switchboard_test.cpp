#include "core/switchboard.hpp"

#include "core/group.hpp"
#include "wire/encoder.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <set>

namespace tempeh::core {
namespace {

/// A channel with nothing behind it.
class FakeChannel final : public Channel {
public:
    FakeChannel(Engine& engine, std::shared_ptr<Group> group, int& alive)
        : Channel(engine, std::move(group), Kind::Io), alive_(alive) {
        ++alive_;
    }
    ~FakeChannel() override { --alive_; }
    void accept(MessagePtr) override {}
    void end(machines::EndCause, Status, const EndDetail&) noexcept override {}
    void detach() override {}
    void drainForShutdown() override {}
    void closeStream() noexcept override {}
    void abandon() noexcept override {}
    std::string describeBacklog() const override { return {}; }
    void fill(ChannelInfo& info) const override { fillCommon(info); }

private:
    int& alive_;
};

class SwitchboardTest : public ::testing::Test {
protected:
    ChannelPtr open(Switchboard& board) {
        ChannelPtr channel(new FakeChannel(*engine_, group_, alive_));
        status_ = board.open(channel, siblings_);
        return status_ == Status::Success ? channel : nullptr;
    }
    ChannelPtr open() { return open(board_); }
    /// True: the reactor is to be woken.
    bool submit(Channel& channel, MessageId id) {
        MessagePtr message(new Message);
        message->header.messageId = id;
        const std::size_t size = wire::frameSize(*message);
        const std::scoped_lock lock(board_.mutex());
        return board_.submit(channel, message, size);
    }
    std::vector<std::pair<ChannelNumber, std::vector<MessageId>>> collect() {
        board_.noteWake();
        ChannelList<CollectedTag> channels;
        board_.collect(channels);
        std::vector<std::pair<ChannelNumber, std::vector<MessageId>>> found;
        while (!channels.empty()) {
            const ChannelPtr channel(&channels.front(), false);
            channels.pop_front();
            std::vector<MessageId> ids;
            while (const MessagePtr message = channel->accepting.popFront())
                ids.push_back(message->header.messageId);
            found.emplace_back(channel->number(), std::move(ids));
        }
        return found;
    }

    boost::asio::io_context context_;
    std::shared_ptr<Engine> engine_ =
        std::make_shared<Engine>(context_, context_.get_executor(), Options{.seed = 1},
                                 Environment::ofSystem(context_.get_executor(), Options()), false);
    std::shared_ptr<Group> group_ = std::make_shared<Group>(engine_, 1);
    GroupChannels siblings_;
    int alive_ = 0;
    Status status_ = Status::Success;
    Switchboard board_{1, 65'534};
};

using Found = std::vector<std::pair<ChannelNumber, std::vector<MessageId>>>;

TEST_F(SwitchboardTest, FindsWhatIsOpen) {
    const ChannelPtr channel = open();
    ASSERT_NE(channel, nullptr);
    EXPECT_NE(channel->number(), 0);
    EXPECT_EQ(board_.find(channel->number()), channel);
    EXPECT_EQ(board_.findLocal(channel->number()), channel.get());
    EXPECT_EQ(board_.inUse(), 1U);
    EXPECT_EQ(siblings_.size(), 1U);
    EXPECT_TRUE(board_.retire(*channel));
}

TEST_F(SwitchboardTest, EveryChannelHasItsOwnNumberAndGeneration) {
    std::vector<ChannelPtr> channels;
    std::set<ChannelNumber> numbers;
    std::set<std::uint32_t> generations;
    for (int i = 0; i < 1000; ++i) {
        channels.push_back(open());
        numbers.insert(channels.back()->number());
        generations.insert(channels.back()->generation());
    }
    EXPECT_EQ(numbers.size(), 1000U);
    EXPECT_EQ(generations.size(), 1000U);
    std::size_t seen = 0;
    for (ChannelPtr one = board_.firstFrom(0); one != nullptr; one = board_.firstFrom(one->number() + 1U))
        ++seen;
    EXPECT_EQ(seen, 1000U);
    for (const ChannelPtr& channel : channels)
        board_.retire(*channel);
}

TEST_F(SwitchboardTest, ARetiredChannelIsGoneFromViewButAliveUntilBuried) {
    ChannelPtr channel = open();
    const ChannelNumber number = channel->number();
    EXPECT_TRUE(board_.retire(*channel));
    EXPECT_FALSE(board_.retire(*channel)) << "only once";
    EXPECT_EQ(board_.find(number), nullptr);
    EXPECT_EQ(board_.inUse(), 0U);
    EXPECT_TRUE(siblings_.empty());
    channel.reset();
    EXPECT_EQ(alive_, 1) << "the reactor thread may still hold a plain pointer";
    board_.buryRetired();
    EXPECT_EQ(alive_, 0);
}

TEST_F(SwitchboardTest, RefusesMoreThanTheLimitAndAnythingOnceClosed) {
    Switchboard small(1, 2);
    const ChannelPtr first = open(small);
    const ChannelPtr second = open(small);
    EXPECT_TRUE(small.isFull());
    EXPECT_EQ(open(small), nullptr);
    EXPECT_EQ(status_, Status::TooManyChannels);
    small.retire(*first);
    EXPECT_FALSE(small.isFull());
    small.close();
    EXPECT_EQ(open(small), nullptr);
    EXPECT_EQ(status_, Status::ShutdownStarted);
    small.retire(*second);
}

TEST_F(SwitchboardTest, SubmissionsAreGroupedByChannelInOrderAndWakeOnce) {
    const ChannelPtr one = open();
    const ChannelPtr two = open();
    EXPECT_FALSE(board_.hasSubmissions());
    EXPECT_TRUE(submit(*one, 1));
    EXPECT_FALSE(submit(*two, 2));
    EXPECT_FALSE(submit(*one, 3));
    EXPECT_TRUE(board_.hasSubmissions());
    EXPECT_EQ(one->door.submittedBytes, 2 * BinaryHeader::wireSize);
    EXPECT_EQ(collect(), (Found{{one->number(), {1, 3}}, {two->number(), {2}}}));
    EXPECT_EQ(one->door.submittedBytes, 0U);
    EXPECT_FALSE(board_.hasSubmissions());
    EXPECT_TRUE(submit(*two, 4)) << "the next one wakes again";
    collect();
    board_.retire(*one);
    board_.retire(*two);
}

TEST_F(SwitchboardTest, WhatIsCollectedOnTheWayToAWakeNeedsNoSecondOne) {
    const ChannelPtr channel = open();
    EXPECT_TRUE(submit(*channel, 1));
    ChannelList<CollectedTag> channels;
    board_.collect(channels);
    EXPECT_FALSE(submit(*channel, 2)) << "the first wake is still on its way";
    board_.collect(channels);
    ASSERT_FALSE(channels.empty());
    const ChannelPtr collected(&channels.front(), false);
    channels.pop_front();
    EXPECT_TRUE(channels.empty()) << "once, though it was submitted to twice";
    EXPECT_EQ(collected->accepting.size(), 2U);
    board_.retire(*channel);
}

TEST_F(SwitchboardTest, AJobIsQueuedOnceAndRunsOnce) {
    int runs = 0;
    const auto count = [&runs] { ++runs; };
    const auto job = std::make_shared<JobOf<decltype(count)>>(count);
    EXPECT_TRUE(board_.enlist(*job, job));
    EXPECT_FALSE(board_.enlist(*job, job));
    EXPECT_TRUE(board_.hasJobs());
    board_.noteWake();
    board_.runJobs();
    EXPECT_EQ(runs, 1);
    EXPECT_FALSE(board_.hasJobs());
    EXPECT_TRUE(board_.enlist(*job, job));
    EXPECT_EQ(job.use_count(), 2);
    board_.dropJobs();
    EXPECT_EQ(job.use_count(), 1);
    EXPECT_EQ(runs, 1);
}

TEST_F(SwitchboardTest, APollingReactorNeedsNoWake) {
    const ChannelPtr channel = open();
    EXPECT_FALSE(board_.setPolling(true));
    EXPECT_FALSE(submit(*channel, 1));
    EXPECT_TRUE(board_.setPolling(false)) << "somebody submitted without a wake";
    collect();
    board_.setPolling(true);
    EXPECT_FALSE(board_.setPolling(false));
    EXPECT_TRUE(submit(*channel, 2));
    collect();
    board_.retire(*channel);
}

TEST_F(SwitchboardTest, ACloseNoticeGivesWhatCameLateAndThenFreesTheNumber) {
    const ChannelPtr channel = open();
    const ChannelNumber number = channel->number();
    channel->door.late.pushBack(MessagePtr(new Message));
    MessageQueue late = board_.takeLateOrRetire(number, channel->generation());
    EXPECT_EQ(late.size(), 1U);
    EXPECT_NE(board_.find(number), nullptr);
    EXPECT_TRUE(board_.takeLateOrRetire(number, channel->generation() + 1).empty());
    EXPECT_NE(board_.find(number), nullptr) << "that was another life of the number";
    EXPECT_TRUE(board_.takeLateOrRetire(number, channel->generation()).empty());
    EXPECT_EQ(board_.find(number), nullptr);
}

TEST_F(SwitchboardTest, AnEngineThatEndsDropsItsChannels) {
    {
        GroupChannels siblings;
        Switchboard board(1, 10);
        ChannelPtr channel(new FakeChannel(*engine_, group_, alive_));
        ASSERT_EQ(board.open(channel, siblings), Status::Success);
        siblings.clear();
        channel.reset();
        EXPECT_EQ(alive_, 1);
    }
    EXPECT_EQ(alive_, 0);
}

}  // namespace
}  // namespace tempeh::core

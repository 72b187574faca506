#include "core/submit/channel_table.hpp"

#include "fake_channel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

namespace tempeh::core {
namespace {

class ChannelTableTest : public ::testing::Test {
protected:
    ChannelPtr open(ChannelTable& table, GroupChannels& group, Channel::Kind kind = Channel::Kind::Io) {
        ChannelPtr channel(new FakeChannel(alive_, kind));
        status_ = table.open(channel, group);
        return status_ == Status::Success ? channel : nullptr;
    }
    ChannelPtr open(Channel::Kind kind = Channel::Kind::Io) { return open(table_, group_, kind); }
    /// As who frees a number has to: the table's reference is its own from then on.
    void remove(ChannelTable& table, Channel& channel) {
        table.remove(channel);
        intrusive_ptr_release(&channel);
    }

    int alive_ = 0;
    Status status_ = Status::Success;
    GroupChannels group_;
    GroupChannels otherGroup_;
    ChannelTable table_{1, 65'534};
};

TEST_F(ChannelTableTest, FindsWhatIsOpen) {
    const ChannelPtr channel = open();
    ASSERT_NE(channel, nullptr);
    EXPECT_NE(channel->number(), 0);
    EXPECT_EQ(table_.find(channel->number()), channel);
    EXPECT_EQ(table_.peek(channel->number()), channel.get());
    EXPECT_EQ(table_.inUse(), 1U);
    EXPECT_EQ(table_.count(group_), 1U);
    EXPECT_TRUE(channel->isOf(group_));
    EXPECT_FALSE(channel->isOf(otherGroup_));
}

TEST_F(ChannelTableTest, EveryChannelHasItsOwnNumberAndGeneration) {
    std::set<ChannelNumber> numbers;
    std::set<std::uint32_t> generations;
    for (int i = 0; i < 1000; ++i) {
        const ChannelPtr channel = open();
        numbers.insert(channel->number());
        generations.insert(channel->generation());
    }
    EXPECT_EQ(numbers.size(), 1000U);
    EXPECT_EQ(generations.size(), 1000U);
    std::size_t seen = 0;
    for (ChannelPtr one = table_.firstFrom(0); one != nullptr; one = table_.firstFrom(one->number() + 1U))
        ++seen;
    EXPECT_EQ(seen, 1000U);
}

TEST_F(ChannelTableTest, WhatIsRemovedIsGoneFromViewAndLivesOnWithWhoRemovedIt) {
    ChannelPtr channel = open();
    const ChannelNumber number = channel->number();
    table_.remove(*channel);
    EXPECT_EQ(table_.find(number), nullptr);
    EXPECT_EQ(table_.inUse(), 0U);
    EXPECT_EQ(table_.count(group_), 0U);
    Channel* const mine = channel.get();
    channel.reset();
    EXPECT_EQ(alive_, 1);
    intrusive_ptr_release(mine);
    EXPECT_EQ(alive_, 0);
}

TEST_F(ChannelTableTest, RefusesMoreThanTheLimitAndAnythingOnceClosed) {
    ChannelTable small(1, 2);
    const ChannelPtr first = open(small, group_);
    ASSERT_NE(open(small, group_), nullptr);
    EXPECT_TRUE(small.isFull());
    EXPECT_EQ(open(small, group_), nullptr);
    EXPECT_EQ(status_, Status::TooManyChannels);
    remove(small, *first);
    EXPECT_FALSE(small.isFull());
    small.close();
    EXPECT_TRUE(small.isClosed());
    EXPECT_EQ(open(small, group_), nullptr);
    EXPECT_EQ(status_, Status::ShutdownStarted);
}

TEST_F(ChannelTableTest, AClosedGroupGivesItsChannelsAndTakesNoMore) {
    const ChannelPtr one = open();
    const ChannelPtr two = open();
    const ChannelPtr other = open(table_, otherGroup_);
    ChannelList<SweptTag> channels;
    table_.closeGroup(group_, channels);
    std::set<Channel*> found;
    while (!channels.empty()) {
        found.insert(&channels.front());
        channels.pop_front();
    }
    EXPECT_EQ(found, (std::set<Channel*>{one.get(), two.get()}));
    EXPECT_EQ(open(), nullptr);
    EXPECT_EQ(status_, Status::InvalidChannelGroup);
    EXPECT_NE(open(table_, otherGroup_), nullptr);
}

TEST_F(ChannelTableTest, ShowsAListenerRatherThanAConnection) {
    EXPECT_EQ(table_.showcase(group_), nullptr);
    const ChannelPtr connection = open();
    EXPECT_EQ(table_.showcase(group_), connection);
    const ChannelPtr listener = open(Channel::Kind::Listener);
    EXPECT_EQ(table_.showcase(group_), listener);
}

TEST_F(ChannelTableTest, DropsWhatItHasAtItsEnd) {
    {
        ChannelTable table(1, 10);
        open(table, group_);
        open(table, group_);
        EXPECT_EQ(alive_, 2);
    }
    EXPECT_EQ(alive_, 0);
}

TEST_F(ChannelTableTest, ThreadsFindWhatOneOpensAndRemoves) {
    constexpr int rounds = 2000;
    std::atomic<int> current{0};
    std::atomic<bool> isOver{false};
    std::thread reader([&] {
        while (!isOver.load()) {
            const auto number = static_cast<ChannelNumber>(current.load());
            if (const ChannelPtr channel = table_.find(number)) {
                EXPECT_EQ(channel->number(), number);
            }
            if (const ChannelPtr any = table_.showcase(group_)) {
                EXPECT_TRUE(any->isOf(group_));
            }
            EXPECT_LE(table_.count(group_), 1U);
        }
    });
    for (int i = 0; i < rounds; ++i) {
        ChannelPtr channel(new FakeChannel(alive_));
        ASSERT_EQ(table_.open(channel, group_), Status::Success);
        current.store(channel->number());
        table_.remove(*channel);
        // The reader may have it for a moment longer; the last one is to be this thread, which counts.
        while (channel->use_count() > 2)
            std::this_thread::yield();
        intrusive_ptr_release(channel.get());
    }
    isOver.store(true);
    reader.join();
    EXPECT_EQ(alive_, 0);
}

}  // namespace
}  // namespace tempeh::core

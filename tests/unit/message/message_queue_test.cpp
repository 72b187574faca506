#include "support/allocation_counter.hpp"

#include <tempeh/message/message_queue.hpp>

#include <gtest/gtest.h>

#include <iterator>
#include <utility>
#include <vector>

namespace tempeh {
namespace {

using Ids = std::vector<MessageId>;

MessagePtr make(MessageId id) {
    MessagePtr message(new Message);
    message->header.messageId = id;
    return message;
}

MessageQueue queueOf(const Ids& ids) {
    MessageQueue queue;
    for (const MessageId id : ids)
        queue.pushBack(make(id));
    return queue;
}

Ids idsOf(const MessageQueue& queue) {
    Ids ids;
    for (const Message& message : queue)
        ids.push_back(message.header.messageId);
    return ids;
}

Ids drain(MessageQueue& queue) {
    Ids ids;
    while (MessagePtr message = queue.popFront())
        ids.push_back(message->header.messageId);
    return ids;
}

TEST(MessageQueue, StartsEmpty) {
    MessageQueue queue;
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.size(), 0U);
    EXPECT_EQ(queue.front(), nullptr);
    EXPECT_EQ(queue.popFront(), nullptr);
    EXPECT_EQ(queue.begin(), queue.end());
}

TEST(MessageQueue, FirstInFirstOut) {
    MessageQueue queue = queueOf({1, 2, 3});
    EXPECT_EQ(queue.size(), 3U);
    EXPECT_EQ(queue.front()->header.messageId, 1U);
    EXPECT_EQ(std::as_const(queue).front()->header.messageId, 1U);
    EXPECT_EQ(idsOf(queue), (Ids{1, 2, 3}));
    EXPECT_EQ(queue.popFront()->header.messageId, 1U);
    queue.pushBack(make(4));
    EXPECT_EQ(drain(queue), (Ids{2, 3, 4}));
    queue.pushBack(make(5));
    EXPECT_EQ(drain(queue), (Ids{5}));
}

TEST(MessageQueue, PushFrontGoesAhead) {
    MessageQueue queue;
    queue.pushFront(make(2));
    queue.pushFront(make(1));
    queue.pushBack(make(3));
    EXPECT_EQ(drain(queue), (Ids{1, 2, 3}));
}

TEST(MessageQueue, NullIsIgnored) {
    MessageQueue queue;
    queue.pushBack(nullptr);
    queue.pushFront(nullptr);
    EXPECT_TRUE(queue.empty());
}

TEST(MessageQueue, AppendMovesEverything) {
    MessageQueue target;
    MessageQueue none;
    target.append(none);
    EXPECT_TRUE(target.empty());

    MessageQueue first = queueOf({1, 2});
    target.append(first);
    EXPECT_TRUE(first.empty());
    EXPECT_EQ(first.size(), 0U);
    target.append(queueOf({3}));
    target.append(none);
    first.pushBack(make(9));
    target.pushBack(make(4));
    EXPECT_EQ(target.size(), 4U);
    EXPECT_EQ(drain(target), (Ids{1, 2, 3, 4}));
    EXPECT_EQ(drain(first), (Ids{9}));
}

TEST(MessageQueue, Moves) {
    MessageQueue source = queueOf({1, 2});
    MessageQueue target = std::move(source);
    EXPECT_EQ(idsOf(target), (Ids{1, 2}));
    MessageQueue other = queueOf({7, 8, 9});
    target = std::move(other);
    EXPECT_EQ(target.size(), 3U);
    MessageQueue& same = target;
    target = std::move(same);
    EXPECT_EQ(drain(target), (Ids{7, 8, 9}));
}

TEST(MessageQueue, OwnsItsMessages) {
    MessageQueue queue = queueOf({1, 2, 3});  // the leak checker watches
    queue.clear();
    EXPECT_TRUE(queue.empty());
    queue.pushBack(make(4));
}

TEST(MessageQueue, NeverAllocates) {
    MessageQueue queue = queueOf({1, 2, 3, 4});
    MessageQueue other;
    const std::uint64_t before = test::allocationCount();
    for (int round = 0; round != 1000; ++round) {
        other.pushBack(queue.popFront());
        other.pushFront(queue.popFront());
        queue.append(other);
    }
    EXPECT_EQ(test::allocationCount(), before);
    EXPECT_EQ(queue.size(), 4U);
}

TEST(MessageQueue, OntoItselfNothingChanges) {
    MessageQueue queue = queueOf({1, 2, 3});
    queue.append(queue);
    EXPECT_EQ(idsOf(queue), (Ids{1, 2, 3}));
    EXPECT_EQ(queue.size(), 3u);
    MessageQueue& same = queue;
    queue.append(std::move(same));
    queue = std::move(same);
    EXPECT_EQ(idsOf(queue), (Ids{1, 2, 3}));
    queue.pushBack(make(4));
    EXPECT_EQ(idsOf(queue), (Ids{1, 2, 3, 4}));
    MessageQueue empty;
    empty.append(empty);
    empty.pushBack(make(5));
    EXPECT_EQ(idsOf(empty), (Ids{5}));
}

}  // namespace
}  // namespace tempeh

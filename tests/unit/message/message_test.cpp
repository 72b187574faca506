#include "message/message_access.hpp"
#include "support/allocation_counter.hpp"

#include <tempeh/message/message.hpp>

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <type_traits>

namespace tempeh {
namespace {

using detail::MessageAccess;

static_assert(sizeof(Message) <= 192, "three cache lines");
static_assert(alignof(Message) == 64);
static_assert(sizeof(MessagePtr) == sizeof(void*));
static_assert(!std::is_copy_constructible_v<Message> && !std::is_move_constructible_v<Message>);

TEST(Message, IsNew) {
    const Message message{};
    EXPECT_EQ(message.header, BinaryHeader{});
    EXPECT_TRUE(message.textHeaders.empty());
    EXPECT_TRUE(message.body.empty());
    EXPECT_EQ(message.userData, nullptr);
    EXPECT_TRUE(message.isFromApplication());
    EXPECT_FALSE(message.isFromEngine());
    EXPECT_FALSE(message.hasMore());
    EXPECT_EQ(message.status(), Status::Success);
}

TEST(Message, ASmallOneTouchesTwoCacheLines) {
    Message message;
    const auto offset = [&](const void* part) {
        return reinterpret_cast<std::uintptr_t>(part) - reinterpret_cast<std::uintptr_t>(&message);
    };
    EXPECT_LE(offset(&message.header) + sizeof message.header, 64U);
    EXPECT_LE(offset(message.body.bytes().data()) + 32, 128U);
}

TEST(Message, StatusIsTheEnginesAlone) {
    Message message;
    message.header.status = 22;
    EXPECT_EQ(message.status(), Status::Success) << "the application's own value";
    message.header.origin = Origin::Engine;
    EXPECT_TRUE(message.isFromEngine());
    EXPECT_FALSE(message.isFromApplication());
    EXPECT_EQ(message.status(), Status::ChannelClosed);
    message.header.status = 200;
    EXPECT_EQ(message.status(), Status::UnknownError);
    message.header.status = 64;
    EXPECT_EQ(message.status(), Status::SendQueueFull);
}

TEST(Message, IsChannelClosedOnlyAsTheEnginesSignal) {
    Message message;
    message.header = {.channelNumber = 5, .opCode = OpCode::Signal, .origin = Origin::Engine, .status = 22};
    EXPECT_TRUE(message.isChannelClosed());
    message.header.origin = Origin::Application;
    EXPECT_FALSE(message.isChannelClosed()) << "an application's 22";
    message.header.origin = Origin::Engine;
    message.header.opCode = OpCode::Request;
    EXPECT_FALSE(message.isChannelClosed());
    message.header.opCode = OpCode::Signal;
    message.header.status = static_cast<std::uint8_t>(Status::Returned);
    EXPECT_FALSE(message.isChannelClosed());
    EXPECT_EQ(message.status(), Status::Returned);
}

TEST(Message, ResetIsAsNewButKeepsCapacity) {
    Message message;
    int data = 0;
    message.header = {.channelNumber = 5, .opCode = OpCode::Signal, .origin = Origin::Engine, .more = true};
    EXPECT_TRUE(message.hasMore());
    message.textHeaders.append("a", "b");
    message.body.append(std::string(1000, 'x'));
    message.userData = &data;
    const std::size_t capacity = message.body.capacity();
    const std::uint64_t before = test::allocationCount();
    message.reset();
    EXPECT_EQ(message.header, BinaryHeader{});
    EXPECT_TRUE(message.textHeaders.empty());
    EXPECT_TRUE(message.body.empty());
    EXPECT_EQ(message.userData, nullptr);
    EXPECT_EQ(message.body.capacity(), capacity);
    message.textHeaders.append("a", "b");
    message.body.append("again");
    EXPECT_EQ(test::allocationCount(), before);
}

class CountingHome final : public detail::MessageHome {
public:
    void giveBack(Message* message) noexcept override {
        ++returned;
        last = message;
    }
    int returned = 0;
    Message* last = nullptr;
};

TEST(Message, ItsOwnerGivesItBackToItsHome) {
    Message message;
    CountingHome home;
    MessageAccess::setHome(message, &home);
    EXPECT_EQ(MessageAccess::home(message), &home);
    { const MessagePtr owner(&message); }
    EXPECT_EQ(home.returned, 1);
    EXPECT_EQ(home.last, &message);

    MessagePtr first(&message);
    MessagePtr second = std::move(first);
    EXPECT_FALSE(first);
    EXPECT_EQ(home.returned, 1) << "moved, not returned";
    second.reset();
    EXPECT_EQ(home.returned, 2);
}

TEST(Message, ResetKeepsWhatTheEngineNoted) {
    Message message;
    CountingHome home;
    MessageAccess::setHome(message, &home);
    MessageAccess::setObligation(message, 7);
    message.reset();
    EXPECT_EQ(MessageAccess::home(message), &home);
    EXPECT_EQ(MessageAccess::obligation(message), 7U);
    EXPECT_EQ(MessageAccess::account(message), nullptr);
}

TEST(Message, WithoutAHomeItIsDeleted) {
    MessagePtr message(new Message);  // the leak checker watches
    message->body.append(std::string(1000, 'x'));
    EXPECT_EQ(MessageAccess::home(*message), nullptr);
}

TEST(Message, OneLineForPeople) {
    Message message;
    message.header = {.channelNumber = 9, .opCode = OpCode::Signal, .origin = Origin::Engine, .status = 17};
    message.textHeaders.append("~peer", "x");
    message.body.append("abc");
    EXPECT_EQ(toString(message), "channel 9 Signal engine PeerDisconnected id 0 headers 9 body 3");
    std::ostringstream out;
    out << message;
    EXPECT_EQ(out.str(), toString(message));
}

}  // namespace
}  // namespace tempeh

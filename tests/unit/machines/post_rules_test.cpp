#include "machines/post_rules.hpp"

#include <tempeh/wire/address.hpp>

#include <gtest/gtest.h>

#include <string>

namespace tempeh::machines {
namespace {

bool opensChannel(OpCode opCode) {
    return opCode == OpCode::HelloRequest || opCode == OpCode::WelcomeRequest;
}

bool answers(OpCode opCode) {
    return opCode == OpCode::Response || opCode == OpCode::HelloResponse || opCode == OpCode::ByeResponse;
}

/// A message of this opcode that may be posted.
struct Good : Message {
    explicit Good(OpCode opCode) {
        if (opCode == OpCode::HelloRequest) TcpClientAddress{"127.0.0.1", 7099}.format(*this);
        if (opCode == OpCode::WelcomeRequest) TcpServerAddress{"127.0.0.1", 7099}.format(*this);
        header.opCode = opCode;
        header.channelNumber = opensChannel(opCode) ? 0 : 12;
        header.messageId = answers(opCode) ? 5 : 0;
    }
};

/// Text headers of exactly so many bytes.
void fillHeaders(Message& message, std::size_t bytes) {
    constexpr std::size_t overhead = 4;  // "x:" and CRLF
    const std::size_t missing = bytes - message.textHeaders.sizeBytes();
    message.textHeaders.append("x", std::string(missing - overhead, 'v'));
    ASSERT_EQ(message.textHeaders.sizeBytes(), bytes);
}

Status checkHello(std::string_view name, std::string_view value, OpCode opCode = OpCode::HelloRequest) {
    Message message;
    message.header.opCode = opCode;
    message.textHeaders.append(name, value);
    return checkPost(&message);
}

constexpr unsigned welcomeResponse = 9;

TEST(PostRules, NullMessage) {
    EXPECT_EQ(checkPost(nullptr), Status::NullMessage);
}

TEST(PostRules, EveryOpCodeWhenAllElseIsRight) {
    for (unsigned raw = 0; raw < 256; ++raw) {
        const Good message(static_cast<OpCode>(raw));
        EXPECT_EQ(checkPost(&message), raw < welcomeResponse ? Status::Success : Status::InvalidOpCode)
            << raw;
    }
}

TEST(PostRules, AnswersNeedAnId) {
    for (unsigned raw = 0; raw < welcomeResponse; ++raw) {
        const auto opCode = static_cast<OpCode>(raw);
        Good message(opCode);
        message.header.messageId = 0;
        EXPECT_EQ(checkPost(&message), answers(opCode) ? Status::InvalidMessageId : Status::Success) << raw;
        message.header.messageId = ~MessageId{0};
        EXPECT_EQ(checkPost(&message), Status::Success) << raw;
    }
}

TEST(PostRules, MoreOnRegularMessagesOnly) {
    for (unsigned raw = 0; raw < welcomeResponse; ++raw) {
        Good message(static_cast<OpCode>(raw));
        message.header.more = true;
        EXPECT_EQ(checkPost(&message), raw <= 2 ? Status::Success : Status::InvalidMoreUsage) << raw;
    }
}

TEST(PostRules, ChannelNumberZeroOpensAndOnlyThat) {
    for (unsigned raw = 0; raw < welcomeResponse; ++raw) {
        const auto opCode = static_cast<OpCode>(raw);
        Good message(opCode);
        message.header.channelNumber = opensChannel(opCode) ? 12 : 0;
        EXPECT_EQ(checkPost(&message), Status::InvalidChannelNumber) << raw;
    }
}

TEST(PostRules, LongestPartsAreTheLongestOfAFrame) {
    for (const OpCode opCode : {OpCode::Request, OpCode::Signal, OpCode::HelloRequest, OpCode::ByeRequest}) {
        Good atLimit(opCode);
        fillHeaders(atLimit, 65'535);
        atLimit.body.append(std::string(65'535, 'b'));
        EXPECT_EQ(checkPost(&atLimit), Status::Success) << opCode;
        atLimit.body.append("b");
        EXPECT_EQ(checkPost(&atLimit), Status::InvalidBodyLen) << opCode;
        Good longHeaders(opCode);
        fillHeaders(longHeaders, 65'536);
        EXPECT_EQ(checkPost(&longHeaders), Status::InvalidHeadersLen) << opCode;
    }
}

TEST(PostRules, WhatOnlyTheEngineSetsIsNotChecked) {
    Good message(OpCode::Request);
    message.header.origin = Origin::Engine;
    message.header.status = 200;
    message.header.textHeadersLength = 77;
    message.header.bodyLength = 77;
    EXPECT_EQ(checkPost(&message), Status::Success);
}

TEST(PostRules, OpeningNeedsItsOwnAddressHeader) {
    for (const OpCode opCode : {OpCode::HelloRequest, OpCode::WelcomeRequest}) {
        const bool isHello = opCode == OpCode::HelloRequest;
        Message bare;
        bare.header.opCode = opCode;
        EXPECT_EQ(checkPost(&bare), Status::WrongAddress);
        EXPECT_EQ(checkHello("PDL", "PS", opCode), Status::WrongAddress);
        const std::string_view own = isHello ? "~connect_to" : "~listen_on";
        const std::string_view other = isHello ? "~listen_on" : "~connect_to";
        EXPECT_EQ(checkHello(own, "tcp|127.0.0.1|7099", opCode), Status::Success);
        EXPECT_EQ(checkHello(own, "uds|/a/socket", opCode), Status::Success);
        EXPECT_EQ(checkHello(other, "tcp|127.0.0.1|7099", opCode), Status::WrongAddress);
        EXPECT_EQ(checkHello(other, "nonsense", opCode), Status::WrongAddress);
    }
}

TEST(PostRules, BothAddressHeadersAreWrong) {
    for (const OpCode opCode : {OpCode::HelloRequest, OpCode::WelcomeRequest}) {
        Good message(opCode);
        message.textHeaders.append(opCode == OpCode::HelloRequest ? "~listen_on" : "~connect_to",
                                   "tcp|127.0.0.1|1");
        EXPECT_EQ(checkPost(&message), Status::WrongAddress) << opCode;
    }
}

TEST(PostRules, MalformedAddress) {
    const std::string tooLong = "uds|/" + std::string(107, 'p');
    for (const std::string& value : {std::string("tcp"), std::string(""), std::string("udp|127.0.0.1|7099"),
                                     std::string("tcp|127.0.0.1|65536"), std::string("tcp|127.0.0.1|seven"),
                                     std::string("tcp|127.0.0.1|-1"), tooLong}) {
        EXPECT_EQ(checkHello("~connect_to", value), Status::InvalidAddress) << value;
        EXPECT_EQ(checkHello("~listen_on", value, OpCode::WelcomeRequest), Status::InvalidAddress) << value;
    }
}

TEST(PostRules, AnAddressHeaderElsewhereIsTheApplicationsOwn) {
    Good message(OpCode::Request);
    message.textHeaders.append("~connect_to", "nonsense");
    EXPECT_EQ(checkPost(&message), Status::Success);
}

/// Of several faults always the same one is reported.
TEST(PostRules, FirstFaultIsReported) {
    Message message;
    message.body.append(std::string(65'536, 'b'));
    message.textHeaders.append("x", std::string(65'536, 'v'));
    message.header.more = true;
    message.header.opCode = static_cast<OpCode>(15);
    EXPECT_EQ(checkPost(&message), Status::InvalidOpCode);
    message.header.opCode = OpCode::ByeResponse;
    EXPECT_EQ(checkPost(&message), Status::InvalidMessageId);
    message.header.messageId = 1;
    EXPECT_EQ(checkPost(&message), Status::InvalidMoreUsage);
    message.header.more = false;
    EXPECT_EQ(checkPost(&message), Status::InvalidChannelNumber);
    message.header.channelNumber = 3;
    EXPECT_EQ(checkPost(&message), Status::InvalidHeadersLen);
    message.textHeaders.clear();
    EXPECT_EQ(checkPost(&message), Status::InvalidBodyLen);
}

}  // namespace
}  // namespace tempeh::machines

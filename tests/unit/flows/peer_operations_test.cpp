#include "flows/peer/peer_operations.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace tempeh::flows::detail {
namespace {

Message& asReceived(Message& message, OpCode opCode) {
    message.header.opCode = opCode;
    message.header.messageId = 7;
    message.header.status = 5;
    message.textHeaders.append("name", "value");
    message.body.append("question");
    return message;
}

Status statusOf(const std::function<void()>& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.status();
    }
    return Status::Success;
}

TEST(PeerOperations, AnswerARequestWithItself) {
    Message request;
    turnIntoAnswer(asReceived(request, OpCode::Request));
    EXPECT_EQ(request.header.opCode, OpCode::Response);
    EXPECT_EQ(request.header.messageId, 7U);
    EXPECT_EQ(request.header.status, 0U);
    EXPECT_EQ(request.body.view(), "question");
}

TEST(PeerOperations, AnswerAByeWithItself) {
    Message bye;
    turnIntoAnswer(asReceived(bye, OpCode::ByeRequest));
    EXPECT_EQ(bye.header.opCode, OpCode::ByeResponse);
}

TEST(PeerOperations, AnswerWithABodyAndWithoutTheRequestsHeaders) {
    Message request;
    turnIntoAnswer(asReceived(request, OpCode::Request), "answer", 9);
    EXPECT_EQ(request.header.status, 9U);
    EXPECT_EQ(request.body.view(), "answer");
    EXPECT_TRUE(request.textHeaders.empty());
}

TEST(PeerOperations, AnswerNothingElse) {
    for (const OpCode opCode : {OpCode::Signal, OpCode::Response, OpCode::HelloRequest, OpCode::ByeSignal}) {
        Message message;
        EXPECT_EQ(statusOf([&] { turnIntoAnswer(asReceived(message, opCode)); }), Status::InvalidOpCode);
    }
}

TEST(PeerOperations, TakeRequestsOnlyWhereARequestIsMeant) {
    MessagePtr message(new Message());
    message->header.opCode = OpCode::Request;
    EXPECT_EQ(statusOf([&] { requireRequest(message); }), Status::Success);
    message->header.opCode = OpCode::Signal;
    EXPECT_EQ(statusOf([&] { requireRequest(message); }), Status::InvalidOpCode);
    EXPECT_EQ(statusOf([&] { requireRequest(nullptr); }), Status::NullMessage);
}

TEST(PeerOperations, SendNothingThatOpensAChannel) {
    for (const OpCode opCode : {OpCode::HelloRequest, OpCode::WelcomeRequest, OpCode::WelcomeResponse}) {
        MessagePtr message(new Message());
        message->header.opCode = opCode;
        EXPECT_EQ(statusOf([&] { PeerState::checkSendable(message); }), Status::InvalidOpCode);
    }
    EXPECT_EQ(statusOf([&] { PeerState::checkSendable(nullptr); }), Status::NullMessage);
}

TEST(PeerOperations, MakeAByeOfAnyMessageOrOfNone) {
    MessagePtr message(new Message());
    message->body.append("so long");
    const MessagePtr bye = PeerState::asBye(std::move(message));
    EXPECT_EQ(bye->header.opCode, OpCode::ByeRequest);
    EXPECT_EQ(bye->body.view(), "so long");
    EXPECT_EQ(PeerState::asBye(nullptr)->header.opCode, OpCode::ByeRequest);
}

}  // namespace
}  // namespace tempeh::flows::detail

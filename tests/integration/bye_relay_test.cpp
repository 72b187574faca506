// A received ByeRequest that is passed on through another engine is answered by the engine that received it.

#include "support/engine_fixture.hpp"

namespace tempeh::test {
namespace {

/// A client that says bye to a proxy with a second engine towards the backend. (The bye's time-out is far
/// away: only an answer ends the wait.)
class ByeRelay : public testing::Test {
protected:
    ByeRelay() {
        client_.client->post(OpCode::ByeRequest, client_.atClient);
        bye_ = client_.server->next(OpCode::ByeRequest);
    }
    static Options patient() {
        Options options;
        options.byeTimeout = 10 * patience;
        return options;
    }
    void expectAnswered() {
        client_.client->next(OpCode::ByeResponse);
        EXPECT_EQ(reasonOf(*client_.client->nextClosed(client_.atClient)), "ChannelClosed: bye exchanged");
        client_.server->nextClosed(client_.atServer);
    }

    Link client_{patient(), patient()};   // its server is the proxy's front
    Link backend_{patient(), patient()};  // its client is the proxy's other engine
    MessagePtr bye_;
};

TEST_F(ByeRelay, PassedOnAsAByeItIsAnsweredAtOnce) {
    bye_->header.channelNumber = backend_.atClient;
    backend_.client->post(std::move(bye_));
    backend_.server->next(OpCode::ByeRequest);
    expectAnswered();
}

TEST_F(ByeRelay, PassedOnAmongOthersItIsAnswered) {
    MessageQueue messages;
    messages.pushBack(backend_.client->make(OpCode::Signal, backend_.atClient, "before"));
    bye_->header.opCode = OpCode::Signal;
    bye_->header.channelNumber = backend_.atClient;
    messages.pushBack(std::move(bye_));
    EXPECT_EQ(backend_.client->channels.postAll(messages), 2U);
    backend_.server->next(OpCode::Signal);
    backend_.server->next(OpCode::Signal);
    expectAnswered();
}

TEST_F(ByeRelay, GivenToAReceiverOfTheOtherEngineItIsAnswered) {
    backend_.client->group.updateReceiver(std::move(bye_));
    expectAnswered();
}

TEST_F(ByeRelay, KeptForAChannelThatHasEndedItIsAnswered) {
    backend_.client->post(OpCode::ByeSignal, backend_.atClient);
    EXPECT_TRUE(eventually([&] {
        return backend_.client->channels.channelInfo(backend_.atClient).state == ChannelPhase::Closed;
    }));
    bye_->header.channelNumber = backend_.atClient;
    backend_.client->post(std::move(bye_));
    expectAnswered();
}

/// The number happens to be that of the peer's channel at the other engine.
TEST_F(ByeRelay, AnAnswerOnTheOtherEngineIsNone) {
    bye_->header.opCode = OpCode::ByeResponse;
    bye_->header.channelNumber = backend_.atClient;
    backend_.client->post(std::move(bye_));
    expectAnswered();
}

TEST_F(ByeRelay, APostThatFailsLeavesTheByeToItsOwner) {
    bye_->header.channelNumber = 0;
    error_code ec;
    backend_.client->group.post(std::move(bye_), ec);
    EXPECT_EQ(ec, error_code(Status::InvalidChannelNumber));
    bye_->header.channelNumber = client_.atServer;
    bye_->header.opCode = OpCode::ByeResponse;
    bye_->body.append("its own answer");
    client_.server->post(std::move(bye_));
    EXPECT_EQ(client_.client->next(OpCode::ByeResponse)->body.view(), "its own answer");
}

TEST(ByeRelayAtTheEnd, WorksWhenTheEngineThatReceivedItIsGone) {
    Link backend;
    MessagePtr bye;
    {
        Link client;
        client.client->post(OpCode::ByeRequest, client.atClient);
        bye = client.server->next(OpCode::ByeRequest);
    }
    bye->header.channelNumber = backend.atClient;
    backend.client->post(std::move(bye));
    backend.server->next(OpCode::ByeRequest);
}

}  // namespace
}  // namespace tempeh::test

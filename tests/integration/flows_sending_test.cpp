// Sending without waiting, or not for long; and what a peer does not send.

#include "support/flows_fixture.hpp"

namespace tempeh::test {
namespace {

using flows::BlockingPeer;
using flows::Peer;
using flows::ReconnectingPeer;

const Options fourInTheQueue{.sendQueueMessages = 4, .sendBufferBytes = 65'536};
const Options fourMessages{.initialPoolMessages = 1, .maxPoolMessages = 4, .receiveBufferBytes = 65'536};
const std::string much(60'000, 'x');

asio::awaitable<void> readNothing(Peer peer) {
    while (peer.isOpen())
        co_await peer.sleep(5ms);
}

/// Its server never reads: there is room for so much and no more.
struct Stuck : FlowsPair {
    Stuck() : FlowsPair(readNothing, localTcp(), {}, fourMessages, fourInTheQueue) {}
};

template <typename AnyPeer>
void expectNoRoomInTheEnd(const AnyPeer& peer) {
    MessagePtr message;
    do {
        message = peer.newMessage(OpCode::Signal, much);
    } while (peer.trySend(std::move(message)));
    ASSERT_NE(message, nullptr) << "what was not sent is the caller's";
    EXPECT_EQ(message->body.view(), much);
}

template <typename AnyPeer>
asio::awaitable<void> sendUntilThereIsNoRoom(AnyPeer peer) {
    bool isSent = true;
    while (isSent)
        isSent = co_await peer.send(peer.newMessage(OpCode::Signal, much), 1ms);
    expectNoRoomInTheEnd(peer);
}

TEST(FlowsSending, TriesWithoutWaitingAndGivesUpInTime) {
    Stuck pair;
    const Peer peer = pair.connect();
    expectNoRoomInTheEnd(peer);
    pair.onClient(sendUntilThereIsNoRoom(peer));
    EXPECT_TRUE(peer.isOpen());
    peer.abort();
}

TEST(FlowsSending, GivesUpInTimeOnAThread) {
    Stuck pair;
    const BlockingPeer peer(pair.connect());
    while (peer.send(peer.newMessage(OpCode::Signal, much), 1ms)) {
    }
    expectNoRoomInTheEnd(peer);
    while (peer.send(peer.newMessage(OpCode::Signal, much), 0ms)) {
    }
    peer.abort();
}

asio::awaitable<void> sendOnALinkUntilThereIsNoRoom(ReconnectingPeer link) {
    co_await link.connected();
    co_await sendUntilThereIsNoRoom(link);
}

TEST(FlowsSending, GivesUpInTimeOnALink) {
    Stuck pair;
    const ReconnectingPeer link(pair.clientReactor, pair.address);
    pair.onClient(sendOnALinkUntilThereIsNoRoom(link));
}

asio::awaitable<void> expectNoConnection(ReconnectingPeer link) {
    MessagePtr message = link.newMessage(OpCode::Signal, "hi");
    EXPECT_FALSE(link.trySend(std::move(message)));
    EXPECT_NE(message, nullptr);
    const bool isSent = co_await link.send(std::move(message), 1ms);
    EXPECT_FALSE(isSent);
    co_await link.close();
    const auto tryIt = [&] { link.trySend(link.newMessage(OpCode::Signal)); };
    EXPECT_THROW(tryIt(), Error);
}

TEST(FlowsSending, SaysThatALinkHasNoConnection) {
    Reactor reactor;
    const ReconnectingPeer link(reactor, UdsClientAddress{temporaryUdsPath()});
    run(reactor.executor(), expectNoConnection(link));
}

asio::awaitable<void> sendWithRoom(Peer peer) {
    const bool isSent = co_await peer.send(peer.newMessage(OpCode::Signal, "in time"), patience);
    EXPECT_TRUE(isSent);
    EXPECT_TRUE(peer.trySend(peer.newMessage(OpCode::Signal, "at once")));
    for (const std::string_view text : {"in time", "at once"}) {
        const MessagePtr echoed = co_await peer.receive(patience);
        EXPECT_EQ(echoed->body.view(), text);
    }
}

TEST(FlowsSending, GoesOutWhereThereIsRoom) {
    FlowsPair pair(echo);
    pair.onClient(sendWithRoom(pair.connect()));
}

/// What was said of it, and that the peer lives on.
template <typename Call>
void expectRefused(Call call, Status status, std::string_view word) {
    try {
        call();
        ADD_FAILURE() << "it was taken";
    } catch (const Error& error) {
        EXPECT_EQ(error.status(), status);
        EXPECT_NE(std::string_view(error.what()).find(word), std::string_view::npos) << error.what();
    }
}

TEST(FlowsSending, RefusesWhatOpensAChannelAndWhatIsNoRequest) {
    FlowsPair pair(echo);
    const Peer peer = pair.connect();
    const BlockingPeer blocking(peer);
    for (const OpCode opCode : {OpCode::HelloRequest, OpCode::WelcomeRequest, OpCode::WelcomeResponse}) {
        MessagePtr message = peer.newMessage(opCode);
        expectRefused([&] { peer.trySend(std::move(message)); }, Status::InvalidOpCode, nameOf(opCode));
        EXPECT_NE(message, nullptr) << "it is the caller's";
        expectRefused([&] { blocking.send(std::move(message)); }, Status::InvalidOpCode, nameOf(opCode));
    }
    for (const OpCode opCode : {OpCode::Signal, OpCode::Response, OpCode::HelloRequest}) {
        expectRefused([&] { blocking.request(peer.newMessage(opCode)); }, Status::InvalidOpCode,
                      nameOf(opCode));
        MessagePtr answer = peer.newMessage(opCode);
        answer->header.messageId = 5;
        if (opCode == OpCode::HelloRequest) continue;
        expectRefused([&] { blocking.respond(std::move(answer)); }, Status::InvalidOpCode, nameOf(opCode));
    }
    pair.onClient(expectEcho(peer));
}

asio::awaitable<void> expectNoRequest(Peer peer, ReconnectingPeer link) {
    const error_code asked = co_await codeOf(peer.request(peer.newMessage(OpCode::Signal)));
    EXPECT_EQ(asked, Status::InvalidOpCode);
    const error_code streamed = co_await codeOf(flows::requestStream(peer, peer.newMessage(OpCode::Signal)));
    EXPECT_EQ(streamed, Status::InvalidOpCode);
    const error_code linked = co_await codeOf(link.request(link.newMessage(OpCode::Signal)));
    EXPECT_EQ(linked, Status::InvalidOpCode);
    const error_code sent = co_await codeOf(link.send(link.newMessage(OpCode::HelloRequest)));
    EXPECT_EQ(sent, Status::InvalidOpCode);
    co_await expectEcho(peer);
}

TEST(FlowsSending, TurnsNothingIntoARequest) {
    FlowsPair pair(echo);
    const ReconnectingPeer link(pair.clientReactor, pair.address);
    pair.onClient(expectNoRequest(pair.connect(), link));
}

asio::awaitable<void> answerTheOther(Peer one, Peer other) {
    MessagePtr request = co_await one.receive();
    const auto answerIt = [&] { (void)other.respond(std::move(request)); };
    expectRefused(answerIt, Status::InvalidChannelNumber, "channel");
}

asio::awaitable<void> sendAndReceive(Peer peer) {
    co_await peer.send(peer.newMessage());
    co_await peer.receive();
}

TEST(FlowsSending, AnswersNobodyWhoDidNotAsk) {
    FlowsPair pair(sendAndReceive);
    const Peer one = pair.connect();
    const Peer other = pair.connect();
    pair.onClient(answerTheOther(one, other));
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
TEST(FlowsNewMessage, KeepsItsFormerNameForAWhile) {
    FlowsPair pair(echo);
    const Peer peer = pair.connect();
    EXPECT_EQ(peer.get()->header.opCode, OpCode::Request);
    EXPECT_EQ(peer.get(OpCode::Signal, "body")->body.view(), "body");
    const BlockingPeer blocking(peer);
    EXPECT_EQ(blocking.get(OpCode::Signal)->header.opCode, OpCode::Signal);
    EXPECT_EQ(blocking.get(OpCode::Signal, "body")->body.view(), "body");
    const ReconnectingPeer link(pair.clientReactor, pair.address);
    EXPECT_EQ(link.get()->header.opCode, OpCode::Request);
    EXPECT_EQ(link.get(OpCode::Signal, "body")->body.view(), "body");
}
#pragma GCC diagnostic pop

}  // namespace
}  // namespace tempeh::test

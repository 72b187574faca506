// How connections and links end, and that whoever waits is told the true reason.

#include "support/flows_fixture.hpp"
#include "support/log_lines.hpp"

namespace tempeh::test {
namespace {

using flows::Peer;
using flows::ReconnectingPeer;
using flows::Refused;

template <typename PeerType>
MessagePtr tooLongBye(const PeerType& peer) {
    return peer.newMessage(OpCode::ByeRequest, std::string(70'000, 'x'));
}

template <typename PeerType>
asio::awaitable<void> expectEchoOf(PeerType peer) {
    const MessagePtr answer = co_await peer.request(peer.newMessage(OpCode::Request, "hi"), patience);
    EXPECT_EQ(answer->body.view(), "hi");
}

template <typename PeerType>
asio::awaitable<void> closeBadlyThenWell(PeerType peer) {
    const error_code ec = co_await codeOf(peer.close(tooLongBye(peer)));
    EXPECT_EQ(ec, Status::InvalidBodyLen);
    co_await expectEchoOf(peer);  // nothing was said
    co_await peer.close();
}

TEST(FlowsBye, ThatCannotBePostedLeavesThePeerAsItWas) {
    FlowsPair pair(echo);
    pair.onClient(closeBadlyThenWell(pair.connect()));
    EXPECT_TRUE(eventually([&] { return pair.server->counters().peers == 0; }));
}

TEST(FlowsBye, ThatCannotBePostedLeavesTheLinkAsItWas) {
    FlowsPair pair(echo);
    ReconnectingPeer link(pair.clientReactor, pair.address);
    pair.onClient(expectEchoOf(link));
    pair.onClient(closeBadlyThenWell(link));
    EXPECT_EQ(link.state(), flows::LinkState::Closed);
}

asio::awaitable<void> closeBadly(Peer peer) {
    const error_code ec = co_await codeOf(peer.close(tooLongBye(peer)));
    EXPECT_EQ(ec, Status::InvalidBodyLen);
}

TEST(FlowsBye, ThatCannotBePostedLetsTheLastHandleCloseTheChannel) {
    FlowsPair pair(echo);
    pair.onClient(closeBadly(pair.connect()));
    EXPECT_TRUE(eventually([&] { return pair.server->counters().peers == 0; }));
}

asio::awaitable<void> receiveAfterTheEnd(Peer peer) {
    while (peer.isOpen())
        co_await asio::post(peer.executor(), asio::use_awaitable);
    MessagePtr first = co_await peer.receive();
    EXPECT_EQ(first->body.view(), "before the bye");
    MessagePtr bye = co_await peer.receive();
    EXPECT_EQ(bye->header.opCode, OpCode::ByeRequest);
    EXPECT_EQ(bye->body.view(), "that was all");
    EXPECT_EQ(valueOf(*bye, "total"), "1");
    const error_code ec = co_await codeOf(peer.receive());
    EXPECT_EQ(ec, Status::ChannelClosed);
}

asio::awaitable<void> sayByeAtOnce(Peer peer) {
    co_await peer.send(peer.newMessage(OpCode::Signal, "before the bye"));
    MessagePtr bye = peer.newMessage(OpCode::ByeRequest, "that was all");
    bye->textHeaders.append("total", "1");
    const MessagePtr farewell = co_await peer.close(std::move(bye));
    EXPECT_NE(farewell, nullptr);  // nobody has to receive for that
}

TEST(FlowsBye, ThatComesBeforeTheFirstReceiveIsReceivedWithWhatItSays) {
    FlowsPair pair(receiveAfterTheEnd);
    pair.onClient(sayByeAtOnce(pair.connect()));
    EXPECT_TRUE(eventually([&] { return pair.server->counters().peers == 0; }));
}

TEST(FlowsBye, ThatCannotBePostedByAThreadLeavesThePeerAsItWas) {
    FlowsPair pair(echo);
    const flows::BlockingPeer peer = flows::connectBlocking(pair.clientReactor, pair.address);
    EXPECT_THROW(peer.close(tooLongBye(peer)), Error);
    EXPECT_NE(peer.request(peer.newMessage(), patience), nullptr);
    peer.close();
}

std::uint8_t refuseNick(flows::Hello& hello) {
    const bool isTaken = hello.request.body.view() != "free";
    if (!isTaken) return 0;
    hello.response.body.assign(hello.request.body.view() == "rude" ? "no\n[critical] root" : "nick is taken");
    hello.response.textHeaders.append("retry", "tomorrow");
    return 1;
}

asio::awaitable<void> expectRefusal(Ampe& engine, Address address, std::string_view nick, std::string* what) {
    const flows::ConnectOptions options{.body = nick};
    try {
        co_await flows::connect(engine, address, options);
    } catch (const Refused& refused) {
        EXPECT_EQ(refused.rawStatus(), 1);
        EXPECT_EQ(refused.code(), error_code(1, flows::refusalCategory()));
        EXPECT_EQ(valueOf(refused.response(), "retry"), "tomorrow");
        *what = refused.what();
    }
}

class FlowsRefusal : public ::testing::Test {
protected:
    FlowsPair pair_{echo, localTcp(), {.accept = refuseNick}};
    const std::string server_ = toString(flows::clientAddressOf(pair_.address));
};

TEST_F(FlowsRefusal, IsToldInTheServersOwnWords) {
    std::string what;
    pair_.onClient(expectRefusal(pair_.clientReactor, pair_.address, "bob", &what));
    EXPECT_EQ(what, "refused with status 1: " + server_ + ": nick is taken");
}

TEST_F(FlowsRefusal, IsOneLineWhateverTheServerSays) {
    std::string what;
    pair_.onClient(expectRefusal(pair_.clientReactor, pair_.address, "rude", &what));
    EXPECT_EQ(what, "refused with status 1: " + server_ + ": no\\x0a[critical] root");
}

TEST_F(FlowsRefusal, IsToldToThreads) {
    std::string what;
    try {
        flows::connectBlocking(pair_.clientReactor, pair_.address, {.body = "bob"});
    } catch (const Refused& refused) {
        what = refused.what();
    }
    EXPECT_EQ(what, "refused with status 1: " + server_ + ": nick is taken");
}

template <typename Operation>
asio::awaitable<void> expectRefused(Operation operation, std::string* what) {
    try {
        co_await operation();
    } catch (const Refused& refused) {
        *what = refused.what();
    }
}

TEST_F(FlowsRefusal, IsToldByEveryOperationOfALink) {
    const ReconnectingPeer link(pair_.clientReactor, pair_.address, {.body = "bob"});
    const std::string expected = "refused with status 1: " + server_ + ": nick is taken";
    std::string requesting;
    std::string receiving;
    std::string waiting;
    pair_.onClient(expectRefused([&] { return link.request(link.newMessage(), patience); }, &requesting));
    pair_.onClient(expectRefused([&] { return link.receive(patience); }, &receiving));
    pair_.onClient(expectRefused([&] { return link.connected(patience); }, &waiting));
    EXPECT_EQ(requesting, expected);
    EXPECT_EQ(receiving, expected);
    EXPECT_EQ(waiting, expected);
}

TEST(FlowsHelloHook, ThatThrowsFailsTheAttemptAloneAndIsLogged) {
    LogLines log;
    FlowsPair pair(echo, localTcp(), {}, Options(), Options{.logger = log.logger()});
    std::atomic<int> calls{0};
    const ReconnectingPeer link(pair.clientReactor, pair.address,
                                {.backoff = {.initial = 1ms}, .prepareHello = [&calls](Message&) {
                                     if (++calls < 3) throw std::runtime_error("no token now");
                                 }});
    pair.onClient(expectEchoOf(link));
    EXPECT_EQ(calls, 3);
    EXPECT_EQ(link.counters().failedAttempts, 2U);
    EXPECT_EQ(log.warningsWith("no token now"), 1U);
}

}  // namespace
}  // namespace tempeh::test

// What people read when something fails: the name of the status, what happened, to whom, the cause, what to
// do; each once.

#include "support/flows_fixture.hpp"
#include "support/raw_server.hpp"

#include <tempeh/transport/test_addresses.hpp>

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace tempeh::test {
namespace {

using flows::BlockingPeer;
using flows::ConnectOptions;
using flows::Peer;
using flows::ReconnectingPeer;

template <typename Call>
std::string textOf(Call call) {
    try {
        call();
    } catch (const Error& error) {
        const std::string what = error.what();
        const std::string name(nameOf(error.status()));
        EXPECT_EQ(what.find(name), 0U) << what;
        EXPECT_EQ(what.find(name + ":", 1), std::string::npos) << "the name twice: " << what;
        return what;
    }
    return "nothing was thrown";
}

std::string nobodyAt() {
    return "tcp|127.0.0.1|" + std::to_string(findFreeTcpPort());
}

class ConnectTexts : public ::testing::Test {
protected:
    std::string failure(const std::string& address, Duration timeout = patience) {
        return textOf([&] { flows::connectBlocking(engine_, address, {.timeout = timeout}); });
    }

    Reactor engine_{Options{.connectTimeout = 50ms}};
    RawServer server_;
    const std::string server_address_ = "tcp|127.0.0.1|" + std::to_string(server_.port());
};

TEST_F(ConnectTexts, NobodyListens) {
    const std::string address = nobodyAt();
    EXPECT_EQ(failure(address), "ConnectFailed: The connection could not be made: " + address +
                                    ": Connection refused; check that the server listens there and is "
                                    "reachable, then try again");
}

TEST_F(ConnectTexts, NoSuchSocketFile) {
    const std::string address = "uds|" + temporaryUdsPath();
    EXPECT_EQ(failure(address), "UdsPathNotFound: Nothing exists at the path of the Unix socket: " + address +
                                    ": No such file or directory; start the server first or correct the "
                                    "path");
}

TEST_F(ConnectTexts, AFileThatIsNoSocket) {
    const std::string path = temporaryUdsPath();
    std::ofstream(path) << "x";
    EXPECT_THAT(failure("uds|" + path), testing::HasSubstr("uds|" + path + ": Connection refused; check"));
    std::filesystem::remove(path);
}

// The name is none, so that no name server is asked.
TEST_F(ConnectTexts, NoSuchHost) {
    EXPECT_THAT(failure("tcp|no..such..host|7099"),
                testing::StartsWith("ConnectFailed: The connection could not be made: "
                                    "tcp|no..such..host|7099: Host not found"));
}

TEST_F(ConnectTexts, AddressThatIsNone) {
    EXPECT_EQ(failure("tcp|host|99999"),
              "InvalidAddress: The address is malformed: tcp|host|99999; write tcp|HOST|PORT or uds|PATH, a "
              "path of at most 107 bytes, no control characters");
}

TEST_F(ConnectTexts, ConnectedAndNotAnswered) {
    EXPECT_EQ(failure(server_address_, 50ms),
              "ConnectFailed: The connection could not be made: " + server_address_ +
                  ": connected, but the hello was not answered in time; check that the server listens there "
                  "and is reachable, then try again");
}

TEST_F(ConnectTexts, ClosedInsteadOfAnAnswer) {
    std::thread closing([this] {
        RawPeer peer = server_.accept();
        peer.readFrame();
        peer.close();
    });
    EXPECT_EQ(failure(server_address_),
              "PeerDisconnected: The peer closed the connection: " + server_address_ +
                  ": the hello was not answered; connect again if you still need it");
    closing.join();
}

TEST_F(ConnectTexts, TheLastOfSeveralAttempts) {
    const std::string address = nobodyAt();
    const ConnectOptions options{.attempts = 0, .backoff = {.initial = 1h, .max = 1h}, .timeout = patience};
    EXPECT_EQ(textOf([&] { flows::connectBlocking(engine_, address, options); }),
              "ConnectFailed: The connection could not be made: " + address +
                  ": Connection refused (attempt 1, the last in time); check that the server listens there "
                  "and is reachable, then try again");
}

TEST_F(ConnectTexts, AnAwaitingCoroutineReadsTheSame) {
    const std::string address = nobodyAt();
    std::string what;
    run(engine_.executor(), [](Ampe* engine, std::string to, std::string* text) -> asio::awaitable<void> {
        try {
            co_await flows::connect(*engine, std::string_view(to));
        } catch (const Error& error) {
            *text = error.what();
        }
    }(&engine_, address, &what));
    EXPECT_EQ(what, failure(address));
}

TEST_F(ConnectTexts, AreTheEnginesInTheMessageThatComesBack) {
    Party party(engine_);
    const std::string address = nobodyAt();
    party.sayHello(flows::parseClientAddress(address));
    const MessagePtr hello = party.next(OpCode::HelloResponse, Status::ConnectFailed);
    EXPECT_EQ(reasonOf(*hello), "Connection refused");
    EXPECT_EQ(peerOf(*hello), address);
    const MessagePtr end = party.next();
    EXPECT_TRUE(end->isChannelClosed());
    EXPECT_EQ(reasonOf(*end), "ConnectFailed: could not connect (Connection refused)");
}

TEST_F(ConnectTexts, AreInTheCountersOfALink) {
    const std::string address = nobodyAt();
    const ReconnectingPeer link(engine_, flows::parseClientAddress(address));
    EXPECT_TRUE(eventually([&] { return link.counters().failedAttempts != 0; }));
    EXPECT_EQ(link.counters().lastFailure, address + ": Connection refused");
}

TEST(EndTexts, OfAPeerThatThisSideClosed) {
    FlowsPair pair(echo);
    const Peer peer = pair.connect();
    const std::string address = toString(flows::clientAddressOf(pair.address));
    peer.abort();
    const BlockingPeer blocking(peer);
    ASSERT_TRUE(eventually([&] { return peer.info().state == ChannelPhase::Closed; }));
    EXPECT_EQ(textOf([&] { blocking.receive(); }),
              "ChannelClosed: The channel has ended and its number is no longer valid: " + address +
                  ": closed locally; connect again if you still need it");
}

TEST(EndTexts, OfAPeerThatWentAway) {
    FlowsPair pair([](Peer peer) -> asio::awaitable<void> {
        co_await peer.receive();
        peer.abort();
    });
    const std::string address = toString(flows::clientAddressOf(pair.address));
    const BlockingPeer blocking(pair.connect());
    blocking.send(blocking.newMessage(OpCode::Signal));
    EXPECT_EQ(textOf([&] { blocking.receive(); }),
              "ChannelClosed: The channel has ended and its number is no longer valid: " + address +
                  ": PeerDisconnected: the peer closed the connection; connect again if you still need it");
}

TEST(EndTexts, OfALinkThatWasLost) {
    Reactor engine;
    FlowsPair pair([](Peer peer) -> asio::awaitable<void> {
        co_await peer.receive();
        peer.abort();
    });
    const std::string address = toString(flows::clientAddressOf(pair.address));
    const ReconnectingPeer link(engine, flows::clientAddressOf(pair.address));
    run(engine.executor(), [](ReconnectingPeer over, std::string at) -> asio::awaitable<void> {
        co_await over.send(over.newMessage(OpCode::Signal));
        MessagePtr news = co_await over.receive(patience);
        news = co_await over.receive(patience);
        EXPECT_TRUE(news->isChannelClosed()) << dump(*news);
        EXPECT_EQ(reasonOf(*news), "PeerDisconnected: the peer closed the connection");
        EXPECT_EQ(peerOf(*news), at);
    }(link, address));
    EXPECT_EQ(link.counters().lastFailure, address + ": PeerDisconnected: the peer closed the connection");
}

TEST(ListenTexts, OfAnAddressThatIsTaken) {
    FlowsPair pair(echo);
    EXPECT_EQ(textOf([&] { flows::Server(pair.serverReactor, {pair.address}).addresses(); }),
              "ListenFailed: The listener could not be opened: " + toString(pair.address) +
                  ": Address already in use; check that it is free, local and permitted, or choose another");
}

TEST(CallTexts, NameWhatWasWrong) {
    Reactor engine;
    ChannelGroup group = engine.createGroup();
    EXPECT_EQ(textOf([] { Reactor(Options{.maxChannels = 0}); }),
              "InvalidOption: An option is out of its range: Options::maxChannels = 0, must be 1 to 65,534; "
              "give it a value in that range");
    EXPECT_EQ(textOf([&] {
                  MessagePtr lost = engine.get();
                  lost->header.opCode = OpCode::Request;
                  lost->header.channelNumber = 9;
                  group.post(std::move(lost));
              }),
              "InvalidChannelNumber: No open channel has this number: channel 9, Request; use the number "
              "that the Hello or Welcome got, until ChannelClosed");
    EXPECT_EQ(textOf([&] { engine.get()->textHeaders.append("na:me", "value"); }),
              "InvalidMessage: The message or its text headers break the rules of the protocol: na:me:value; "
              "check names, values and order of messages on the side that made it");
    EXPECT_EQ(textOf([] { ChannelGroup().stats(); }),
              "InvalidChannelGroup: The channel belongs to another group, or the handle is empty; use the "
              "group that opened it");
}

}  // namespace
}  // namespace tempeh::test

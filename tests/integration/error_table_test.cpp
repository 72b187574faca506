// The whole text of each error that a call can throw: the status, what happened, to whom, the cause, what to
// do. (Those of connecting, listening and the end of a channel: error_texts_test.)

#include "support/flows_fixture.hpp"
#include "support/raw_server.hpp"

#include <tempeh/transport/test_addresses.hpp>

#include <functional>
#include <future>
#include <string>
#include <unistd.h>

namespace tempeh::test {
namespace {

std::string thrownBy(const std::function<void()>& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.what();
    }
    return "nothing was thrown";
}

class ErrorTable : public ::testing::Test {
protected:
    MessagePtr message(OpCode opCode, ChannelNumber channel = 0, std::size_t size = 0) {
        MessagePtr made = engine_.get();
        made->header.opCode = opCode;
        made->header.channelNumber = channel;
        made->body.assign(std::string(size, 'x'));
        return made;
    }

    std::string ofPosting(OpCode opCode, ChannelNumber channel, std::size_t size = 0) {
        return thrownBy([&] { group_.post(message(opCode, channel, size)); });
    }

    ChannelNumber listen(const std::string& path) {
        MessagePtr welcome = engine_.get();
        UdsServerAddress{path}.format(*welcome);
        return group_.post(std::move(welcome)).channelNumber;
    }

    Reactor engine_{Options{.maxPoolMessages = 4, .maxChannels = 2}};
    ChannelGroup group_ = engine_.createGroup();
};

TEST_F(ErrorTable, OfMessagesThatCannotBePosted) {
    EXPECT_EQ(thrownBy([&] { group_.post(MessagePtr()); }),
              "NullMessage: There is no message in the pointer; get one from the engine and check it for "
              "null");
    EXPECT_EQ(ofPosting(OpCode::HelloRequest, 0),
              "WrongAddress: The message has no address header of its kind: HelloRequest; format a client "
              "address into a HelloRequest or a server address into a WelcomeRequest");
    MessagePtr hello = message(OpCode::HelloRequest);
    hello->textHeaders.append(wire::connectToHeader, "tcp|there|99999");
    EXPECT_EQ(
        thrownBy([&] { group_.post(std::move(hello)); }),
        "InvalidAddress: The address is malformed: HelloRequest, tcp|there|99999; write tcp|HOST|PORT or "
        "uds|PATH, a path of at most 107 bytes, no control characters");
    MessagePtr bye = message(OpCode::ByeRequest, 9);
    bye->header.more = true;
    EXPECT_EQ(thrownBy([&] { group_.post(std::move(bye)); }),
              "InvalidMoreUsage: The more flag is set on a message that cannot have it: channel 9, "
              "ByeRequest; use it only on Request, Response and Signal");
    EXPECT_EQ(ofPosting(OpCode::Response, 9),
              "InvalidMessageId: The message id cannot be used here: channel 9, Response, id 0; give an "
              "answer the id of its request, and a request an id that is not in flight");
    EXPECT_EQ(ofPosting(OpCode::Request, 9, 65'536),
              "InvalidBodyLen: The body is too long: channel 9, Request, a body of 65536 bytes; a message "
              "carries at most 65,535 bytes, send more in parts or as a stream");
    MessagePtr large = message(OpCode::Request, 9);
    large->textHeaders.append("name", std::string(65'536, 'x'));
    EXPECT_EQ(thrownBy([&] { group_.post(std::move(large)); }),
              "InvalidHeadersLen: The text headers are longer than 65,535 bytes: channel 9, Request, text "
              "headers of 65543 bytes; shorten them or move data into the body");
    EXPECT_EQ(thrownBy([&] { engine_.get()->textHeaders.append("", "value"); }),
              "InvalidMessage: The message or its text headers break the rules of the protocol: :value; "
              "check names, values and order of messages on the side that made it");
}

TEST_F(ErrorTable, OfChannels) {
    const std::string path = temporaryUdsPath();
    const ChannelNumber listener = listen(path);
    group_.blocking().waitReceive(patience);  // it listens
    const std::string number = std::to_string(listener);
    EXPECT_EQ(ofPosting(OpCode::Signal, listener),
              "NotAllowed: The operation is not allowed here and now: channel " + number +
                  ", the listener at uds|" + path +
                  ", Signal; one waiter at a time, and make blocking calls on a thread other than the "
                  "reactor's");
    EXPECT_EQ(ofPosting(OpCode::Signal, 9),
              "InvalidChannelNumber: No open channel has this number: channel 9, Signal; use the number that "
              "the Hello or Welcome got, until ChannelClosed");
    ChannelGroup other = engine_.createGroup();
    EXPECT_EQ(thrownBy([&] { other.post(message(OpCode::Signal, listener)); }),
              "InvalidChannelGroup: The channel belongs to another group, or the handle is empty: channel " +
                  number + ", Signal; use the group that opened it");
    listen(temporaryUdsPath());
    EXPECT_EQ(thrownBy([&] { listen(path); }),
              "TooManyChannels: The engine has reached its limit of channels: WelcomeRequest, uds|" + path +
                  "; close some or raise maxChannels");
}

TEST_F(ErrorTable, OfAPeerThatDoesNotRead) {
    const RawServer silent;
    const Address address = TcpClientAddress{"127.0.0.1", silent.port()};
    MessagePtr hello = engine_.get();
    format(address, *hello);
    const ChannelNumber channel = group_.post(std::move(hello)).channelNumber;
    const auto flood = [&] {
        for (;;)
            group_.post(message(OpCode::Signal, channel, 60'000));
    };
    EXPECT_EQ(thrownBy(flood), "SendQueueFull: The channel's send queue is full: channel " +
                                   std::to_string(channel) + " to " + toString(address) +
                                   ", Signal; await waitWritable and post the message again");
}

TEST_F(ErrorTable, OfOptions) {
    EXPECT_EQ(thrownBy([] { Reactor(Options{.maxChannels = 70'000}); }),
              "InvalidOption: An option is out of its range: Options::maxChannels = 70000, must be 1 to "
              "65,534; give it a value in that range");
    EXPECT_EQ(thrownBy([] { Reactor(Options{.connectTimeout = -1ms}); }),
              "InvalidOption: An option is out of its range: Options::connectTimeout = -1 ms, must be 1 ms "
              "or more; give it a value in that range");
    EXPECT_EQ(thrownBy([&] { flows::connectBlocking(engine_, "tcp|localhost|1", {.attempts = -1}); }),
              "InvalidOption: An option is out of its range: ConnectOptions::attempts = -1, must be 0 or "
              "more; give it a value in that range");
}

TEST_F(ErrorTable, OfAnEngineThatHasEnded) {
    engine_.shutdown(1s);
    EXPECT_EQ(ofPosting(OpCode::Signal, 9),
              "ShutdownStarted: The engine is shutting down: channel 9, Signal; stop posting and release "
              "its groups and messages");
    EXPECT_EQ(thrownBy([&] { engine_.createGroup(); }),
              "ShutdownStarted: The engine is shutting down; stop posting and release its groups and "
              "messages");
}

TEST_F(ErrorTable, OfUpdatesThatNobodyReceives) {
    const auto update = [&] {
        for (int i = 0; i < 1000; ++i)
            group_.updateReceiver();
    };
    EXPECT_EQ(thrownBy(update),
              "PoolEmpty: All messages of the pool are in use and reading stopped; release "
              "received messages or raise maxPoolMessages");
}

const std::string onItsThread =
    "NotAllowed: The operation is not allowed here and now: a blocking call on the engine's own thread; one "
    "waiter at a time, and make blocking calls on a thread other than the reactor's";

TEST(ErrorTableOfFlows, BlockingOnTheEnginesThread) {
    FlowsPair pair(echo);
    const flows::BlockingPeer peer(pair.connect());
    ChannelGroup group = pair.clientReactor.createGroup();
    const auto there = [&](std::function<void()> call) {
        const auto task = [call] { return thrownBy(call); };
        return asio::post(pair.clientReactor.executor(), asio::use_future(task)).get();
    };
    EXPECT_EQ(there([&] { group.blocking().waitReceive(); }), onItsThread);
    EXPECT_EQ(there([&] { peer.receive(); }), onItsThread);
    EXPECT_EQ(there([&] { peer.request(peer.newMessage()); }), onItsThread);
    EXPECT_EQ(there([&] { flows::connectBlocking(pair.clientReactor, pair.address); }), onItsThread);
}

// On its own thread: no exception travels.
asio::awaitable<void> textThrownBy(asio::awaitable<void> operation, std::string* text) {
    try {
        co_await std::move(operation);
    } catch (const Error& error) {
        *text = error.what();
    }
}

TEST(ErrorTableOfFlows, OfCallsThatDoNotFit) {
    FlowsPair pair(echo);
    const flows::BlockingPeer peer(pair.connect());
    const std::string address = toString(flows::clientAddressOf(pair.address));
    EXPECT_EQ(thrownBy([&] { peer.request(peer.newMessage(OpCode::Signal)); }),
              "InvalidOpCode: The opcode is unknown or may not be used here: Signal is no Request; use one "
              "that the state of the channel allows");
    EXPECT_EQ(thrownBy([&] { peer.send(peer.newMessage(OpCode::Signal, std::string(65'536, 'x'))); }),
              "InvalidBodyLen: The body is too long: " + address +
                  "; a message carries at most 65,535 bytes, send more in parts or as a stream");
    EXPECT_EQ(thrownBy([] { flows::BlockingPeer().receive(); }),
              "InvalidChannelNumber: No open channel has this number: this Peer is empty, as after a move; "
              "use the number that the Hello or Welcome got, until ChannelClosed");
    EXPECT_EQ(thrownBy([] { flows::StreamWriter(flows::Peer(), MessagePtr()); }),
              "NullMessage: There is no message in the pointer; get one from the engine and check it for "
              "null");
    std::string text;
    run(pair.serverReactor.executor(), textThrownBy(pair.server->serve(echo), &text));
    EXPECT_EQ(text,
              "NotAllowed: The operation is not allowed here and now: serve() was called before; one waiter "
              "at a time, and make blocking calls on a thread other than the reactor's");
}

TEST(ErrorTableOfFlows, OfAClientOfAUnixSocketThatWentAway) {
    std::promise<std::string> text;
    const auto waitForTheEnd = [&text](flows::Peer peer) -> asio::awaitable<void> {
        try {
            co_await peer.receive();
        } catch (const Error& error) {
            text.set_value(error.what());
            throw;
        }
    };
    FlowsPair pair(waitForTheEnd, UdsServerAddress{});
    pair.connect().abort();
    EXPECT_EQ(text.get_future().get(),
              "ChannelClosed: The channel has ended and its number is no longer valid: uds|, process " +
                  std::to_string(::getpid()) +
                  ": PeerDisconnected: the peer closed the connection; connect again if you still need it");
}

}  // namespace
}  // namespace tempeh::test

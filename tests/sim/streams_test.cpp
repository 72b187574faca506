// Streams in virtual time: readers that come late, writers that are cancelled, ids that are used twice.

#include <tempeh/flows.hpp>
#include <tempeh/tempeh.hpp>
#include <tempeh/testing.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace tempeh::testing {
namespace {

using flows::Peer;
using flows::StreamReader;
using flows::StreamWriter;
using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

template <typename T>
asio::awaitable<error_code> codeOf(asio::awaitable<T> operation) {
    try {
        co_await std::move(operation);
    } catch (const Error& error) {
        co_return error.code();
    }
    co_return error_code();
}

/// What has been seen of a stream at its reading end.
struct Seen {
    std::uint64_t parts = 0;
    std::uint64_t mostAhead = 0;
    std::string value;
    std::vector<error_code> failures;

    void take(const Peer& peer, const Message& part) {
        ++parts;
        value += part.body.view();
        mostAhead = std::max(mostAhead, peer.counters().received - parts);
    }
};

/// A server and a client on a good network.
class Streams : public ::testing::Test {
protected:
    static constexpr std::uint64_t window = 8;
    const flows::StreamOptions inParts_{.partBytes = 100, .windowParts = window};

    void run(flows::Handler handler, std::function<asio::awaitable<void>(Peer)> client,
             const Options& clientEngine = {}, const Options& serverEngine = {}) {
        SimulatedNetwork network(options_);
        network_ = &network;
        Ampe& engine = network.createEngine("server", serverEngine);
        Ampe& asking = network.createEngine("client", clientEngine);
        flows::Server server(engine, {TcpServerAddress{"", 7099}});
        network.spawn("server", server.serve(std::move(handler)));
        network.spawn("client", asClient(asking, std::move(client)));
        network.runFor(1h);
        EXPECT_TRUE(hasEnded_) << "the client waits for ever";
        EXPECT_EQ(server.counters().handlerFailures, 0U);
    }

    asio::awaitable<void> asClient(Ampe& engine, std::function<asio::awaitable<void>(Peer)> client) {
        const Peer peer = co_await flows::connect(engine, "tcp|server|7099");
        co_await client(peer);
        co_await peer.close();
        hasEnded_ = true;
    }

    SimulationOptions options_{.seed = 3, .stalls = 0};
    SimulatedNetwork* network_ = nullptr;
    bool hasEnded_ = false;
};

asio::awaitable<void> write(Peer peer, OpCode opCode, flows::StreamOptions options, std::string value) {
    StreamWriter writer(peer, opCode, options);
    co_await writer.write(value);
    co_await writer.finish();
}

std::string letters(std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i)
        text += static_cast<char>('a' + i % 23);
    return text;
}

TEST_F(Streams, KeepTheirWindowHoweverLateTheReaderComes) {
    for (const Duration late : {0s, 1s, 60s}) {
        Seen seen;
        const auto read = [&](Peer peer) -> asio::awaitable<void> {
            MessagePtr first = co_await peer.receive();
            co_await peer.sleep(late);
            StreamReader reader(peer, std::move(first));
            while (const MessagePtr part = co_await reader.next()) {
                seen.take(peer, *part);
                co_await peer.sleep(20ms);
            }
        };
        hasEnded_ = false;
        run(read, [&](Peer peer) { return write(peer, OpCode::Signal, inParts_, letters(20'000)); });
        EXPECT_EQ(seen.value, letters(20'000));
        EXPECT_LE(seen.mostAhead, window) << "late by " << late.count() << " ns";
    }
}

// The word of the other end takes longer than the writer's patience: it counts when it comes.
TEST_F(Streams, KeepTheirWindowFromTheFirstWordOnThatComesLate) {
    options_.minLatency = options_.maxLatency = 300ms;
    options_.minBufferBytes = options_.maxBufferBytes = 2000;
    Seen seen;
    const auto read = [&](Peer peer) -> asio::awaitable<void> {
        MessagePtr first = co_await peer.receive();
        StreamReader reader(peer, std::move(first));
        while (const MessagePtr part = co_await reader.next()) {
            if (seen.parts == 100) seen.mostAhead = 0;
            seen.take(peer, *part);
            co_await peer.sleep(1s);
        }
    };
    const auto send = [&](Peer peer) { return write(peer, OpCode::Signal, inParts_, letters(40'000)); };
    run(read, send, Options{.sendQueueMessages = 4});
    EXPECT_EQ(seen.value, letters(40'000));
    EXPECT_LE(seen.mostAhead, window);
}

TEST_F(Streams, KeepTheirWindowWhereTheirPartsAreReceivedAsMessages) {
    Seen seen;
    const auto receive = [&](Peer peer) -> asio::awaitable<void> {
        for (;;) {
            const MessagePtr part = co_await peer.receive();
            seen.take(peer, *part);
            co_await peer.sleep(20ms);
        }
    };
    run(receive, [&](Peer peer) { return write(peer, OpCode::Signal, inParts_, letters(20'000)); });
    EXPECT_EQ(seen.value, letters(20'000));
    EXPECT_LE(seen.mostAhead, window);
}

TEST_F(Streams, AreTakenOverByAReaderInTheMiddle) {
    Seen seen;
    const auto read = [&](Peer peer) -> asio::awaitable<void> {
        for (std::uint64_t i = 0; i < 2 * window + 3; ++i) {
            const MessagePtr part = co_await peer.receive();
            seen.take(peer, *part);
        }
        MessagePtr next = co_await peer.receive();
        StreamReader reader(peer, std::move(next));
        while (const MessagePtr part = co_await reader.next()) {
            seen.take(peer, *part);
            co_await peer.sleep(20ms);
        }
    };
    run(read, [&](Peer peer) { return write(peer, OpCode::Request, inParts_, letters(20'000)); });
    EXPECT_EQ(seen.value, letters(20'000));
    EXPECT_LE(seen.mostAhead, window);
}

TEST_F(Streams, KeepTheirWindowAsAnswers) {
    Seen seen;
    const auto answer = [&](Peer peer) -> asio::awaitable<void> {
        MessagePtr request = co_await peer.receive();
        StreamWriter writer(peer, std::move(request), inParts_);
        co_await writer.write(letters(20'000));
        co_await writer.finish();
        co_await peer.receive();
    };
    const auto ask = [&](Peer peer) -> asio::awaitable<void> {
        StreamReader reader = co_await flows::requestStream(peer, peer.newMessage());
        co_await peer.sleep(60s);
        while (const MessagePtr part = co_await reader.next()) {
            seen.take(peer, *part);
            co_await peer.sleep(20ms);
        }
    };
    run(answer, ask);
    EXPECT_EQ(seen.value, letters(20'000));
    EXPECT_LE(seen.mostAhead, window);
}

// As a tofu peer does.
TEST_F(Streams, GoOnWithoutAWindowToAnEndThatKnowsNone) {
    SimulatedNetwork network(options_);
    Ampe& engine = network.createEngine("server");
    Ampe& client = network.createEngine("client");
    ChannelGroup group = engine.createGroup();
    MessagePtr welcome = engine.get();
    TcpServerAddress{"", 7099}.format(*welcome);
    group.post(std::move(welcome));
    std::string value;
    const auto serve = [&]() -> asio::awaitable<void> {
        for (;;) {
            MessagePtr message = co_await group.waitReceive();
            if (message->isFromEngine()) continue;
            if (message->header.opCode == OpCode::Signal) value += message->body.view();
            if (message->header.opCode != OpCode::HelloRequest) continue;
            message->header.opCode = OpCode::HelloResponse;
            group.post(std::move(message));
        }
    };
    network.spawn("server", serve());
    network.spawn("client", asClient(client, [&](Peer peer) {
                      return write(peer, OpCode::Signal, inParts_, letters(20'000));
                  }));
    network.runFor(1h);
    EXPECT_TRUE(hasEnded_);
    EXPECT_EQ(value, letters(20'000));
}

TEST_F(Streams, LoseNothingWhenAWriteIsCancelled) {
    std::string got;
    const auto readLate = [&](Peer peer) -> asio::awaitable<void> {
        MessagePtr first = co_await peer.receive();
        co_await peer.sleep(10s);
        StreamReader reader(peer, std::move(first));
        got = co_await reader.readAll(1'000'000);
    };
    options_.minBufferBytes = options_.maxBufferBytes = 1000;
    const Options narrow{.sendQueueMessages = 4};
    int cancelled = 0;
    std::string value = letters(30'000);
    for (const std::size_t windowParts : {std::size_t{0}, std::size_t{4}}) {
        const auto writeInPieces = [&](Peer peer) -> asio::awaitable<void> {
            StreamWriter writer(peer, OpCode::Signal, {.partBytes = 100, .windowParts = windowParts});
            while (writer.bytesWritten() < value.size()) {
                const std::string_view rest = std::string_view(value).substr(writer.bytesWritten());
                const auto first = co_await (writer.write(rest.substr(0, 250)) || peer.sleep(30ms));
                if (first.index() == 1) ++cancelled;
            }
            for (bool isFinished = false; !isFinished;) {
                const auto first = co_await (writer.finish() || peer.sleep(30ms));
                isFinished = first.index() == 0;
            }
        };
        hasEnded_ = false;
        cancelled = 0;
        run(readLate, writeInPieces, narrow, Options{.initialPoolMessages = 0, .maxPoolMessages = 8});
        EXPECT_EQ(got, value);
        EXPECT_GT(cancelled, 10);
    }
}

/// Of id 5; those that end in `;` are last ones.
asio::awaitable<void> sendParts(Peer peer, std::vector<std::string> bodies) {
    for (const std::string& body : bodies) {
        MessagePtr part = peer.newMessage(OpCode::Request, body);
        part->header.messageId = 5;
        part->header.more = !body.ends_with(';');
        co_await peer.send(std::move(part));
    }
}

TEST_F(Streams, OfOneIdAfterEachOtherAreReadSideBySide) {
    std::vector<std::string> got(2);
    const auto read = [&](Peer peer) -> asio::awaitable<void> {
        MessagePtr one = co_await peer.receive();
        StreamReader a(peer, std::move(one));
        MessagePtr two = co_await peer.receive();
        StreamReader b(peer, std::move(two));
        got[1] = co_await b.readAll(100);
        got[0] = co_await a.readAll(100);
    };
    const std::vector<std::string> bodies{"one, ", "its end;", "two, ", "end;"};
    run(read, [&](Peer peer) { return sendParts(peer, bodies); });
    EXPECT_EQ(got, (std::vector<std::string>{"one, its end;", "two, end;"}));
}

TEST_F(Streams, HaveOneReaderEach) {
    std::vector<error_code> failures(2);
    std::string got;
    const auto read = [&](Peer peer) -> asio::awaitable<void> {
        MessagePtr one = co_await peer.receive();
        MessagePtr two = co_await peer.receive();
        StreamReader a(peer, std::move(one));
        try {
            const StreamReader b(peer, std::move(two));
        } catch (const Error& error) {
            failures[0] = error.code();
        }
        co_await a.next();
        network_->spawn([](StreamReader& reader, std::string& all) -> asio::awaitable<void> {
            all = co_await reader.readAll(100);
        }(a, got));
        co_await peer.sleep(1s);
        failures[1] = co_await codeOf(a.next());
        co_await peer.sleep(10s);
    };
    const std::vector<std::string> begin{"one, ", "two, "};
    const std::vector<std::string> end{"end;"};
    const auto send = [&](Peer peer) -> asio::awaitable<void> {
        co_await sendParts(peer, begin);
        co_await peer.sleep(5s);
        co_await sendParts(peer, end);
    };
    run(read, send);
    EXPECT_EQ(failures[0], Status::InvalidMessageId);
    EXPECT_EQ(failures[1], Status::NotAllowed);
    EXPECT_EQ(got, "end;");
}

TEST_F(Streams, HaveOneWriterEach) {
    error_code failure;
    std::string got;
    const auto answer = [&](Peer peer) -> asio::awaitable<void> {
        const MessagePtr request = co_await peer.receive();
        StreamWriter writer(peer, request->header.messageId);
        try {
            const StreamWriter other(peer, request->header.messageId);
        } catch (const Error& error) {
            failure = error.code();
        }
        co_await writer.write("the answer");
        co_await writer.finish();
    };
    const auto ask = [&](Peer peer) -> asio::awaitable<void> {
        const MessagePtr response = co_await peer.request(peer.newMessage());
        got = response->body.view();
    };
    run(answer, ask);
    EXPECT_EQ(failure, Status::InvalidMessageId);
    EXPECT_EQ(got, "the answer");
}

TEST_F(Streams, GivenUpAsAnswersAreNoSuccessForAPlainRequest) {
    for (const std::size_t written : {0U, 50U}) {
        const auto giveUp = [&](Peer peer) -> asio::awaitable<void> {
            MessagePtr request = co_await peer.receive();
            StreamWriter writer(peer, std::move(request), inParts_);
            co_await writer.write(letters(written));
        };
        int status = 0;
        const auto ask = [&](Peer peer) -> asio::awaitable<void> {
            const MessagePtr answer = co_await peer.request(peer.newMessage());
            status = answer->header.status;
        };
        hasEnded_ = false;
        run(giveUp, ask);
        EXPECT_EQ(status, static_cast<int>(Status::ProcessingFailed));
    }
}

TEST_F(Streams, CarryTheTraceOfTheirPeer) {
    const flows::TraceContext context = flows::TraceContext::begin();
    std::vector<std::string> traces;
    const auto note = [&](const Message& part) {
        traces.emplace_back(part.textHeaders.find(flows::traceparentHeader).value_or("none"));
    };
    const auto answer = [&](Peer peer) -> asio::awaitable<void> {
        MessagePtr up = co_await peer.receive();
        note(*up);
        StreamReader reader(peer, std::move(up));
        co_await reader.readAll(10'000);
        const MessagePtr request = co_await peer.receive();
        note(*request);
        StreamWriter writer(peer.traced(context), request->header.messageId, inParts_);
        co_await writer.write(letters(300));
        co_await writer.finish();
    };
    const auto ask = [&](Peer peer) -> asio::awaitable<void> {
        co_await write(peer.traced(context), OpCode::Signal, inParts_, letters(300));
        StreamReader reader = co_await flows::requestStream(peer.traced(context), peer.newMessage());
        const MessagePtr first = co_await reader.next();
        note(*first);
        const MessagePtr second = co_await reader.next();
        note(*second);
    };
    run(answer, ask);
    const std::string traced(context.traceparent());
    EXPECT_EQ(traces, (std::vector<std::string>{traced, traced, traced, "none"}));
}

}  // namespace
}  // namespace tempeh::testing

// What nobody asked for: signals about a request, during it and after it, and what a stream's ends tell each
// other too late. None of it may keep an answer from coming.

#include "support/flows_fixture.hpp"

namespace tempeh::test {
namespace {

using flows::Peer;
using flows::ReconnectingPeer;

/// Less than the signals of a test, so that one that is kept too many stops everything.
const Options unaskedPool{.initialPoolMessages = 16, .maxPoolMessages = 128};
constexpr int often = 400;

MessagePtr about(const Peer& peer, const Message& request, std::string_view text) {
    MessagePtr signal = peer.newMessage(OpCode::Signal, text);
    signal->header.messageId = request.header.messageId;
    return signal;
}

/// Tells its progress three times before each answer, and twice after it.
asio::awaitable<void> tellProgress(Peer peer) {
    for (;;) {
        MessagePtr request = co_await peer.receive();
        if (request->header.opCode != OpCode::Request) continue;
        MessagePtr late = about(peer, *request, "late");
        MessagePtr later = about(peer, *request, "later");
        for (const std::string_view percent : {"25", "50", "75"}) {
            MessagePtr signal = about(peer, *request, percent);
            co_await peer.send(std::move(signal));
        }
        co_await peer.respond(std::move(request), "done");
        co_await peer.send(std::move(late));
        co_await peer.send(std::move(later));
    }
}

asio::awaitable<void> askOften(Peer peer) {
    for (int i = 0; i < often; ++i) {
        MessagePtr answer = co_await peer.request(peer.newMessage(), patience);
        EXPECT_NE(answer, nullptr);
    }
    const flows::PeerCounters counters = peer.counters();
    EXPECT_LT(counters.waiting, 50U);
    EXPECT_GE(counters.droppedSignals, 5U * (often - 1) - 50U);
}

TEST(FlowsUnasked, ProgressThatNobodyWantedHoldsNoAnswerUp) {
    FlowsPair pair(tellProgress, localTcp(), {}, Options(), unaskedPool);
    pair.onClient(askOften(pair.connect()));
}

asio::awaitable<void> askOftenOverLink(ReconnectingPeer link) {
    for (int i = 0; i < often; ++i) {
        MessagePtr answer = co_await link.request(link.newMessage(), patience);
        EXPECT_NE(answer, nullptr);
    }
    const MessagePtr connected = co_await link.receive(patience);
    EXPECT_EQ(connected->header.opCode, OpCode::HelloResponse);
}

TEST(FlowsUnasked, ProgressThatNobodyWantedHoldsNoAnswerOfALinkUp) {
    FlowsPair pair(tellProgress, localTcp(), {}, Options(), unaskedPool);
    const ReconnectingPeer link(pair.clientReactor, pair.address);
    pair.onClient(askOftenOverLink(link));
}

asio::awaitable<void> expectKept(Peer peer) {
    const MessagePtr nothing = co_await peer.receive(0s);
    EXPECT_EQ(nothing, nullptr);
    const MessagePtr answer = co_await peer.request(peer.newMessage(), patience);
    EXPECT_EQ(answer->body.view(), "done");
    for (const std::string_view text : {"25", "50", "75", "late", "later"}) {
        const MessagePtr signal = co_await peer.receive(patience);
        EXPECT_EQ(signal->body.view(), text);
    }
    EXPECT_EQ(peer.counters().droppedSignals, 0U);
}

TEST(FlowsUnasked, ProgressIsKeptForWhoeverReceives) {
    FlowsPair pair(tellProgress);
    pair.onClient(expectKept(pair.connect()));
}

/// Reads every stream whole.
asio::awaitable<void> readStreams(Peer peer) {
    for (;;) {
        MessagePtr first = co_await peer.receive();
        if (first->header.opCode == OpCode::Request) {
            co_await peer.respond(std::move(first));
            continue;
        }
        if (first->header.opCode != OpCode::Signal) continue;
        flows::StreamReader reader(peer, std::move(first));
        const std::string all = co_await reader.readAll(1'000'000);
        EXPECT_EQ(all.size(), 500U);
    }
}

asio::awaitable<void> writeStreams(Peer peer) {
    const std::string text(500, 'x');
    for (int i = 0; i < often; ++i) {
        flows::StreamWriter writer(peer, OpCode::Signal, {.partBytes = 200});
        co_await writer.write(text);
        co_await writer.finish();
    }
    const MessagePtr answer = co_await peer.request(peer.newMessage(), patience);
    EXPECT_NE(answer, nullptr);
    const flows::PeerCounters counters = peer.counters();
    EXPECT_EQ(counters.waiting, 0U);
    EXPECT_GT(counters.droppedSignals, 0U) << "every reader told its writer that it reads";
}

TEST(FlowsUnasked, WordsForWritersThatHaveGoneHoldNoAnswerUp) {
    FlowsPair pair(readStreams, localTcp(), {}, Options(), unaskedPool);
    pair.onClient(writeStreams(pair.connect()));
}

/// Asks back, and takes no signal about the client's request for one about its own.
asio::awaitable<void> askBack(Peer peer) {
    const MessagePtr first = co_await peer.receive();
    MessagePtr question = peer.newMessage(OpCode::Request, "back");
    const flows::SignalHandler never = [](const Message&) { ADD_FAILURE() << "not about this request"; };
    const MessagePtr answer = co_await peer.request(std::move(question), patience, never);
    EXPECT_EQ(answer->body.view(), "back");
    const MessagePtr hurry = co_await peer.receive();
    EXPECT_EQ(hurry->body.view(), "hurry");
    co_await peer.receive();
}

/// Two processes count alike, so the client's request may have the number of the server's.
asio::awaitable<void> hurryTheServer(Peer peer) {
    co_await peer.send(peer.newMessage());
    MessagePtr back = co_await peer.receive();
    MessagePtr hurry = peer.newMessage(OpCode::Signal, "hurry");
    hurry->header.messageId = back->header.messageId & ~(MessageId{1} << 62U);
    co_await peer.send(std::move(hurry));
    co_await peer.respond(std::move(back));
}

TEST(FlowsUnasked, IdsTellWhoseRequestASignalIsAbout) {
    FlowsPair pair(askBack);
    pair.onClient(hurryTheServer(pair.connect()));
}

}  // namespace
}  // namespace tempeh::test

// Handles without anything behind them, made so or moved from: every call fails as documented, none crashes.

#include "support/flows_fixture.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <ostream>

namespace tempeh::test {
namespace {

using flows::BlockingPeer;
using flows::Heartbeat;
using flows::Peer;
using flows::PeerGroup;
using flows::ReconnectingPeer;
using flows::Server;
using flows::StreamReader;
using flows::StreamWriter;

struct Call {
    std::string name;
    Status expected;
    std::function<void()> make;  // throws
};

std::ostream& operator<<(std::ostream& out, const Call& call) {
    return out << call.name;
}

std::string parameterName(const ::testing::TestParamInfo<Call>& call) {
    std::string name = call.param.name;
    std::erase_if(name, [](char letter) { return std::isalnum(static_cast<unsigned char>(letter)) == 0; });
    return name;
}

MessagePtr request() {
    return MessagePtr(new Message());
}

/// Runs it on a context of its own; throws what it throws.
template <typename T>
void finish(asio::awaitable<T> operation) {
    asio::io_context context;
    std::exception_ptr failure;
    asio::co_spawn(
        context,
        [](asio::awaitable<T> inner, std::exception_ptr* thrown) -> asio::awaitable<void> {
            try {
                co_await std::move(inner);
            } catch (...) {
                *thrown = std::current_exception();
            }
        }(std::move(operation), &failure),
        asio::detached);
    context.run();
    if (failure != nullptr) std::rethrow_exception(failure);
}

/// A call of the core that gives an error_code.
template <typename Function>
std::function<void()> coded(Function function) {
    return [function] {
        error_code ec;
        function(ec);
        if (ec) throw Error(ec);
    };
}

std::vector<Call> callsOfGroup(const std::string& kind, const std::shared_ptr<ChannelGroup>& group) {
    constexpr Status none = Status::InvalidChannelGroup;
    ChannelGroup& g = *group;
    std::vector<Call> calls{
        {"post", none, [&g] { g.post(request()); }},
        {"postCoded", none, coded([&g](error_code& ec) { g.post(request(), ec); })},
        {"postAll", none,
         [&g] {
             MessageQueue queue;
             queue.pushBack(request());
             g.postAll(queue);
         }},
        {"postAllNothing", none,
         [&g] {
             MessageQueue queue;
             g.postAll(queue);
         }},
        {"waitReceive", none, [&g] { finish(g.waitReceive()); }},
        {"waitReceiveFuture", none, [&g] { g.waitReceive(1ms, asio::use_future).get(); }},
        {"tryReceive", none, [&g] { g.tryReceive(); }},
        {"tryReceiveCoded", none, coded([&g](error_code& ec) { g.tryReceive(ec); })},
        {"tryReceiveAll", none, [&g] { g.tryReceiveAll(); }},
        {"tryReceiveAllCoded", none, coded([&g](error_code& ec) { g.tryReceiveAll(ec); })},
        {"waitWritable", none, [&g] { finish(g.waitWritable(1)); }},
        {"waitWritableFuture", none, [&g] { g.waitWritable(1, 1ms, asio::use_future).get(); }},
        {"updateReceiver", none, [&g] { g.updateReceiver(); }},
        {"updateReceiverCoded", none, coded([&g](error_code& ec) { g.updateReceiver(ec); })},
        {"setReadMode", none, [&g] { g.setReadMode(1, ReadMode::Paused); }},
        {"setReadModeCoded", none, coded([&g](error_code& ec) { g.setReadMode(1, ReadMode::Paused, ec); })},
        {"channelInfo", none, [&g] { g.channelInfo(1); }},
        {"channelInfoCoded", none, coded([&g](error_code& ec) { g.channelInfo(1, ec); })},
        {"stats", none, [&g] { g.stats(); }},
        {"blocking", none, [&g] { g.blocking(); }},
        {"executor", none, [&g] { g.executor(); }},
        {"now", none, [&g] { g.now(); }},
    };
    calls.push_back({"others", Status::Success, [group] {
                         EXPECT_FALSE(*group);
                         EXPECT_FALSE(group->isOpen());
                         group->logWarning("nobody hears it");
                     }});
    for (Call& call : calls)
        call.name = kind + "::" + call.name;
    return calls;
}

std::vector<Call> callsOfFacade() {
    constexpr Status none = Status::InvalidChannelGroup;
    const auto facade = [] {
        Reactor engine;
        ChannelGroup group = engine.createGroup();
        BlockingChannelGroup channels = group.blocking();
        const BlockingChannelGroup taken = std::move(channels);
        return channels;  // NOLINT(bugprone-use-after-move)
    };
    const auto kept = std::make_shared<BlockingChannelGroup>(facade());
    BlockingChannelGroup& g = *kept;
    std::vector<Call> calls{
        {"post", none, [kept, &g] { g.post(request()); }},
        {"postCoded", none, coded([kept, &g](error_code& ec) { g.post(request(), ec); })},
        {"postAll", none,
         [kept, &g] {
             MessageQueue queue;
             queue.pushBack(request());
             g.postAll(queue);
         }},
        {"waitReceive", none, [kept, &g] { g.waitReceive(1ms); }},
        {"tryReceive", none, [kept, &g] { g.tryReceive(); }},
        {"tryReceiveAll", none, [kept, &g] { g.tryReceiveAll(); }},
        {"waitWritable", none, [kept, &g] { g.waitWritable(1, 1ms); }},
        {"updateReceiver", none, [kept, &g] { g.updateReceiver(); }},
        {"setReadMode", none, [kept, &g] { g.setReadMode(1, ReadMode::Paused); }},
        {"channelInfo", none, [kept, &g] { g.channelInfo(1); }},
    };
    for (Call& call : calls)
        call.name = "BlockingChannelGroup::" + call.name;
    return calls;
}

std::vector<Call> callsOfPeer(const std::string& kind, const std::shared_ptr<Peer>& peer) {
    constexpr Status none = Status::InvalidChannelNumber;
    Peer& p = *peer;
    std::vector<Call> calls{
        {"send", none, [&p] { finish(p.send(request())); }},
        {"sendInTime", none, [&p] { finish(p.send(request(), 1ms)); }},
        {"trySend", none, [&p] { p.trySend(request()); }},
        {"receive", none, [&p] { finish(p.receive(1ms)); }},
        {"receiveCoded", none, coded([&p](error_code& ec) { finish(p.receive(1ms, ec)); })},
        {"request", none, [&p] { finish(p.request(request(), 1ms)); }},
        {"requestWithSignals", none, [&p] { finish(p.request(request(), 1ms, [](const Message&) {})); }},
        {"respond", none, [&p] { finish(p.respond(request())); }},
        {"respondBody", none, [&p] { finish(p.respond(request(), "body")); }},
        {"close", none, [&p] { finish(p.close()); }},
        {"info", none, [&p] { p.info(); }},
        {"counters", none, [&p] { p.counters(); }},
        {"endReason", none, [&p] { p.endReason(); }},
        {"channel", none, [&p] { p.channel(); }},
        {"hello", none, [&p] { p.hello(); }},
        {"newMessage", none, [&p] { p.newMessage(); }},
        {"newMessageWithBody", none, [&p] { p.newMessage(OpCode::Signal, "body"); }},
        {"traced", none, [&p] { p.traced(flows::TraceContext::begin()); }},
        {"tracedLike", none, [&p] { p.traced(*request()); }},
        {"executor", none, [&p] { p.executor(); }},
        {"sleep", none, [&p] { finish(p.sleep(1ms)); }},
        {"heartbeat", none, [&p] { const Heartbeat heartbeat(p); }},
        {"writer", none, [&p] { const StreamWriter writer(p); }},
        {"writerOfAnswer", none, [&p] { const StreamWriter writer(p, MessageId{1}); }},
        {"reader", none, [&p] { const StreamReader reader(p, request()); }},
        {"requestStream", none, [&p] { finish(flows::requestStream(p, request(), 1ms)); }},
        {"others", Status::Success,
         [&p] {
             EXPECT_FALSE(p);
             EXPECT_FALSE(p.isOpen());
             EXPECT_EQ(p, Peer());
             p.abort();
         }},
    };
    for (Call& call : calls) {
        call.name = kind + "::" + call.name;
        call.make = [peer, make = std::move(call.make)] { make(); };
    }
    return calls;
}

std::vector<Call> callsOfBlockingPeer() {
    constexpr Status none = Status::InvalidChannelNumber;
    const BlockingPeer p;
    std::vector<Call> calls{
        {"send", none, [p] { p.send(request()); }},
        {"sendInTime", none, [p] { p.send(request(), 1ms); }},
        {"trySend", none, [p] { p.trySend(request()); }},
        {"receive", none, [p] { p.receive(1ms); }},
        {"request", none, [p] { p.request(request(), 1ms); }},
        {"respond", none, [p] { p.respond(request()); }},
        {"respondBody", none, [p] { p.respond(request(), "body"); }},
        {"close", none, [p] { p.close(); }},
        {"info", none, [p] { p.info(); }},
        {"counters", none, [p] { p.counters(); }},
        {"channel", none, [p] { p.channel(); }},
        {"hello", none, [p] { p.hello(); }},
        {"newMessage", none, [p] { p.newMessage(); }},
        {"traced", none, [p] { p.traced(flows::TraceContext::begin()); }},
        {"others", Status::Success,
         [p] {
             EXPECT_FALSE(p);
             EXPECT_FALSE(p.isOpen());
             p.abort();
         }},
    };
    for (Call& call : calls)
        call.name = "BlockingPeer::" + call.name;
    return calls;
}

std::vector<Call> callsOfReader() {
    constexpr Status none = Status::InvalidChannelNumber;
    const auto reader = std::make_shared<StreamReader>();
    std::vector<Call> calls{
        {"next", none, [reader] { finish(reader->next()); }},
        {"readTo", none, [reader] { finish(reader->readTo([](std::span<const std::byte>) {})); }},
        {"readAll", none, [reader] { finish(reader->readAll(1)); }},
        {"others", Status::Success,
         [reader] {
             EXPECT_FALSE(*reader);
             EXPECT_EQ(reader->id(), 0U);
         }},
    };
    for (Call& call : calls)
        call.name = "StreamReader::" + call.name;
    return calls;
}

std::vector<Call> allCalls() {
    const auto taken = std::make_shared<ChannelGroup>();
    {
        Reactor engine;
        *taken = engine.createGroup();
        const ChannelGroup kept = std::move(*taken);
    }
    std::vector<Call> all;
    for (auto& calls :
         {callsOfGroup("ChannelGroup", std::make_shared<ChannelGroup>()),
          callsOfGroup("TakenChannelGroup", taken), callsOfFacade(),
          callsOfPeer("Peer", std::make_shared<Peer>()), callsOfBlockingPeer(), callsOfReader()})
        all.insert(all.end(), calls.begin(), calls.end());
    return all;
}

error_code codeOfCall(const std::function<void()>& call) {
    try {
        call();
    } catch (const boost::system::system_error& error) {
        return error.code();
    }
    return Status::Success;
}

class EmptyHandles : public ::testing::TestWithParam<Call> {};

TEST_P(EmptyHandles, FailAsDocumented) {
    EXPECT_EQ(codeOfCall(GetParam().make), make_error_code(GetParam().expected));
}

INSTANTIATE_TEST_SUITE_P(Calls, EmptyHandles, ::testing::ValuesIn(allCalls()), parameterName);

// Those that are never empty from the start.

void expectAll(Status expected, const std::vector<std::pair<std::string, std::function<void()>>>& calls) {
    for (const auto& [name, call] : calls)
        EXPECT_EQ(codeOfCall(call), make_error_code(expected)) << name;
}

TEST(MovedFrom, Server) {
    Reactor engine;
    Server server(engine, {localTcp()});
    const Server taken = std::move(server);
    Server& s = server;  // NOLINT(bugprone-use-after-move)
    EXPECT_FALSE(s);
    EXPECT_TRUE(taken);
    expectAll(Status::InvalidChannelGroup, {{"addresses", [&s] { s.addresses(); }},
                                            {"listening", [&s] { finish(s.listening()); }},
                                            {"serve", [&s] { finish(s.serve(echo)); }},
                                            {"stop", [&s] { finish(s.stop(1ms)); }},
                                            {"counters", [&s] { s.counters(); }},
                                            {"served", [&s] { s.served(); }},
                                            {"executor", [&s] { s.executor(); }}});
}

TEST(MovedFrom, PeerGroup) {
    Reactor engine;
    PeerGroup group(engine);
    const PeerGroup taken = std::move(group);
    PeerGroup& g = group;  // NOLINT(bugprone-use-after-move)
    EXPECT_FALSE(g);
    EXPECT_TRUE(taken);
    expectAll(Status::InvalidChannelGroup, {{"connect",
                                             [&g] {
                                                 finish(g.connect(TcpClientAddress{"127.0.0.1", 1}));
                                             }},
                                            {"connectText", [&g] { finish(g.connect("tcp|127.0.0.1|1")); }},
                                            {"executor", [&g] { g.executor(); }},
                                            {"sleep", [&g] { finish(g.sleep(1ms)); }},
                                            {"stats", [&g] { g.stats(); }}});
}

TEST(MovedFrom, ReconnectingPeer) {
    Reactor engine;
    ReconnectingPeer link(engine, TcpClientAddress{"127.0.0.1", 1});
    const ReconnectingPeer taken = std::move(link);
    ReconnectingPeer& l = link;  // NOLINT(bugprone-use-after-move)
    EXPECT_FALSE(l);
    EXPECT_TRUE(taken);
    expectAll(Status::InvalidChannelGroup,
              {{"request", [&l] { finish(l.request(request(), 1ms)); }},
               {"requestWithSignals", [&l] { finish(l.request(request(), 1ms, [](const Message&) {})); }},
               {"send", [&l] { finish(l.send(request())); }},
               {"sendInTime", [&l] { finish(l.send(request(), 1ms)); }},
               {"trySend", [&l] { l.trySend(request()); }},
               {"respond", [&l] { finish(l.respond(request())); }},
               {"receive", [&l] { finish(l.receive(1ms)); }},
               {"receiveCoded", coded([&l](error_code& ec) { finish(l.receive(1ms, ec)); })},
               {"connected", [&l] { finish(l.connected(1ms)); }},
               {"close", [&l] { finish(l.close()); }},
               {"state", [&l] { l.state(); }},
               {"endReason", [&l] { l.endReason(); }},
               {"counters", [&l] { l.counters(); }},
               {"newMessage", [&l] { l.newMessage(); }},
               {"newMessageWithBody", [&l] { l.newMessage(OpCode::Signal, "body"); }},
               {"executor", [&l] { l.executor(); }},
               {"sleep", [&l] { finish(l.sleep(1ms)); }}});
}

TEST(MovedFrom, WhatBelongsToAChannel) {
    FlowsPair pair(echo);
    Peer peer = pair.connect();
    Heartbeat heartbeat(peer);
    StreamWriter writer(peer);
    const Heartbeat takenHeartbeat = std::move(heartbeat);
    const StreamWriter takenWriter = std::move(writer);
    Heartbeat& h = heartbeat;  // NOLINT(bugprone-use-after-move)
    StreamWriter& w = writer;  // NOLINT(bugprone-use-after-move)
    EXPECT_FALSE(h);
    EXPECT_FALSE(w);
    EXPECT_EQ(w.id(), 0U);
    EXPECT_EQ(w.bytesWritten(), 0U);
    expectAll(Status::InvalidChannelNumber,
              {{"heartbeat", [&h] { h.counters(); }},
               {"textHeaders", [&w] { w.textHeaders(); }},
               {"write", [&w] { finish(w.write("text")); }},
               {"writeFrom", [&w] { finish(w.writeFrom([](std::span<std::byte>) { return 0U; })); }},
               {"finish", [&w] { finish(w.finish()); }},
               {"answer", [&w] { finish(w.answer(1ms)); }},
               {"answerStream", [&w] { finish(w.answerStream(1ms)); }}});
    const auto moved = std::make_shared<Peer>(peer);
    const Peer taken = std::move(*moved);
    for (const Call& call : callsOfPeer("moved", moved))
        EXPECT_EQ(codeOfCall(call.make), make_error_code(call.expected)) << call.name;
}

}  // namespace
}  // namespace tempeh::test

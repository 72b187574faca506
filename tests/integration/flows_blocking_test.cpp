// BlockingPeer: the verbs of Peer for threads.

#include "support/flows_fixture.hpp"

namespace tempeh::test {
namespace {

using flows::BlockingPeer;
using flows::Peer;

class FlowsBlocking : public ::testing::Test {
protected:
    FlowsPair pair_{echo};
    BlockingPeer peer_ = flows::connectBlocking(pair_.clientReactor, pair_.address);
};

TEST_F(FlowsBlocking, AsksAndReceives) {
    const MessagePtr answer = peer_.request(peer_.newMessage(OpCode::Request, "hi"));
    EXPECT_EQ(answer->body.view(), "hi");
    EXPECT_EQ(peer_.receive(0s), nullptr);
    EXPECT_EQ(peer_.receive(1ms), nullptr);
    peer_.send(peer_.newMessage(OpCode::Signal, "news"));
    EXPECT_EQ(peer_.receive(patience)->body.view(), "news");
    peer_.send(peer_.newMessage(OpCode::Signal, "more"));
    EXPECT_EQ(peer_.receive()->body.view(), "more");
}

TEST_F(FlowsBlocking, Closes) {
    EXPECT_NE(peer_.close(), nullptr);
    EXPECT_FALSE(peer_.isOpen());
    EXPECT_THROW(peer_.send(peer_.newMessage(OpCode::Signal)), Error);
    EXPECT_THROW(peer_.receive(), Error);
    EXPECT_THROW(peer_.request(peer_.newMessage()), Error);
}

TEST_F(FlowsBlocking, ReceiveEndsWithTheChannel) {
    std::thread other([this] {
        error_code ec;
        try {
            peer_.receive();
        } catch (const Error& error) {
            ec = error.code();
        }
        EXPECT_EQ(ec, Status::ChannelClosed);
    });
    peer_.abort();
    other.join();
}

TEST_F(FlowsBlocking, HasOneReceiver) {
    std::atomic<int> refused{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
        threads.emplace_back([this, &refused] {
            try {
                peer_.receive(patience);
            } catch (const Error& error) {
                if (error.status() != Status::NotAllowed) return;
                ++refused;
                peer_.abort();
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(refused, 1);
}

TEST_F(FlowsBlocking, IsNotAllowedOnTheEnginesThread) {
    std::promise<Status> waited;
    std::promise<Status> connected;
    asio::post(peer_.peer().executor(), [&] {
        const auto statusOfCall = [](auto call) {
            try {
                call();
            } catch (const Error& error) {
                return error.status();
            }
            return Status::Success;
        };
        waited.set_value(statusOfCall([&] { peer_.request(peer_.newMessage()); }));
        connected.set_value(
            statusOfCall([&] { flows::connectBlocking(pair_.clientReactor, pair_.address); }));
    });
    EXPECT_EQ(waited.get_future().get(), Status::NotAllowed);
    EXPECT_EQ(connected.get_future().get(), Status::NotAllowed);
}

asio::awaitable<void> holdRequests(Peer peer) {
    std::vector<MessagePtr> kept;
    for (;;) {
        MessagePtr message = co_await peer.receive();
        if (message->header.opCode != OpCode::Request) continue;
        MessagePtr progress = peer.newMessage(OpCode::Signal, "working");
        progress->header.messageId = message->header.messageId;
        co_await peer.send(std::move(progress));
        kept.push_back(std::move(message));
    }
}

TEST(FlowsBlockingRequest, TimesOutAfterItsProgress) {
    FlowsPair pair(holdRequests);
    const BlockingPeer peer = flows::connectBlocking(pair.clientReactor, pair.address);
    int signals = 0;
    const MessagePtr answer = peer.request(peer.newMessage(), 50ms, [&](const Message& signal) {
        EXPECT_EQ(signal.body.view(), "working");
        ++signals;
    });
    EXPECT_EQ(answer, nullptr);
    EXPECT_EQ(signals, 1);
    EXPECT_EQ(peer.counters().timedOut, 1U);
    EXPECT_TRUE(peer.isOpen());
}

TEST(FlowsBlockingConnect, SaysWhyItFailed) {
    Reactor reactor;
    std::string what;
    Status status = Status::Success;
    try {
        flows::connectBlocking(reactor, "uds|" + temporaryUdsPath());
    } catch (const Error& error) {
        status = error.status();
        what = error.what();
    }
    EXPECT_EQ(status, Status::UdsPathNotFound);
    EXPECT_NE(what.find("uds|"), std::string::npos) << what;
    EXPECT_THROW(flows::connectBlocking(reactor, "nonsense"), Error);
}

TEST(FlowsBlockingConnect, SaysThatItWasRefused) {
    const flows::AcceptHook hook = [](flows::Hello&) { return std::uint8_t{42}; };
    FlowsPair pair(echo, localTcp(), {.accept = hook});
    int raw = -1;
    try {
        flows::connectBlocking(pair.clientReactor, pair.address);
    } catch (const flows::Refused& refused) {
        raw = refused.rawStatus();
    }
    EXPECT_EQ(raw, 42);
}

/// A thread of the application's serves peers that a coroutine took in.
TEST(FlowsBlockingServer, HandsPeersToThreads) {
    std::promise<Peer> taken;
    const flows::Handler handler = [&taken](Peer peer) -> asio::awaitable<void> {
        taken.set_value(peer);
        co_return;
    };
    FlowsPair pair(handler);
    std::thread worker([&taken] {
        const BlockingPeer peer(taken.get_future().get());
        for (;;) {
            MessagePtr message = peer.receive();
            if (message->header.opCode != OpCode::Request) break;
            peer.respond(std::move(message), "from a thread");
        }
    });
    const BlockingPeer peer = flows::connectBlocking(pair.clientReactor, pair.address);
    EXPECT_EQ(peer.request(peer.newMessage())->body.view(), "from a thread");
    EXPECT_NE(peer.close(), nullptr);
    worker.join();
}

asio::awaitable<void> answerWithTrace(Peer peer) {
    for (;;) {
        MessagePtr request = co_await peer.receive();
        const std::string trace(request->textHeaders.find(flows::traceparentHeader).value_or("none"));
        if (request->header.opCode == OpCode::Request)
            co_await peer.respond(std::move(request), trace);
        else if (request->header.opCode == OpCode::Signal)
            co_await peer.send(peer.newMessage(OpCode::Signal, trace));
    }
}

TEST(FlowsBlockingTraced, CarriesTheTraceOfItsPeer) {
    FlowsPair pair(answerWithTrace);
    const BlockingPeer peer = flows::connectBlocking(pair.clientReactor, pair.address);
    const flows::TraceContext context = flows::TraceContext::begin();
    const MessagePtr traced = peer.traced(context).request(peer.newMessage(), patience);
    EXPECT_EQ(traced->body.view(), context.traceparent());
    const MessagePtr plain = peer.request(peer.newMessage(), patience);
    EXPECT_EQ(plain->body.view(), "none");
    peer.traced(context).send(peer.newMessage(OpCode::Signal));
    EXPECT_EQ(peer.receive(patience)->body.view(), context.traceparent());
    EXPECT_TRUE(peer.traced(context).send(peer.newMessage(OpCode::Signal), patience));
    EXPECT_EQ(peer.receive(patience)->body.view(), context.traceparent());
}

}  // namespace
}  // namespace tempeh::test

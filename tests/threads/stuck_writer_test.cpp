// A thread that writes by itself loses its core in the middle of that. The reactor goes on with everything
// else, and nothing that was posted is lost, doubled or out of order.

#include "support/engine_fixture.hpp"
#include "support/gated_engine.hpp"

#include <array>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace tempeh::test {
namespace {

/// A channel to the engine whose writers can be stopped.
struct Lane {
    Lane(GatedEngine& engine, Side& peer) : server(std::in_place, engine), client(peer.reactor) {
        const Listening listening = server->listen(localTcp());
        atClient = client.sayHello(listening.address).channelNumber;
        atServer = server->acceptHello();
        client.next(OpCode::HelloResponse);
    }
    /// There and back.
    void ping() {
        client.post(OpCode::Request, atClient, "ping");
        MessagePtr request = server->waitFor(OpCode::Request);
        request->header.opCode = OpCode::Response;
        server->post(std::move(request));
        EXPECT_EQ(client.waitFor(OpCode::Response)->body.view(), "ping");
    }

    std::optional<Party> server;
    Party client;
    ChannelNumber atServer = 0;
    ChannelNumber atClient = 0;
};

class StuckWriter : public testing::TestWithParam<StopPoint> {
protected:
    ~StuckWriter() override { engine_.gate.open(); }

    /// A thread of the server's is in the middle of writing its answer on `stuck_`.
    void stopAWriter() {
        for (MessageId id = 1;; ++id) {
            stuck_.client.post(OpCode::Request, stuck_.atClient, {}, id);
            MessagePtr request = stuck_.server->next(OpCode::Request);
            request->header.opCode = OpCode::Response;
            engine_.gate.arm(GetParam());
            const BlockingChannelGroup channels = stuck_.server->channels;
            writer_ = std::async(std::launch::async, [channels, answer = std::move(request)]() mutable {
                error_code ec;
                channels.post(std::move(answer), ec);
                return ec;
            });
            answerId_ = id;
            const auto isPosted = [this] { return writer_.wait_for(0s) == std::future_status::ready; };
            if (engine_.gate.waitUntilStopped(isPosted)) return;
            stuck_.client.next(OpCode::Response);  // the reactor was asked to write this one
        }
    }
    /// More behind that answer, from a thread and from the reactor, which takes notice of both.
    void postBehind(MessageId first) {
        stuck_.server->post(OpCode::Signal, stuck_.atServer, "of a thread", first);
        MessagePtr local = stuck_.server->make(OpCode::Signal, stuck_.atServer, "of the reactor", first + 1);
        onReactor([&] {
            error_code ec;
            stuck_.server->group.post(std::move(local), ec);
            EXPECT_FALSE(ec);
        });
    }
    template <typename Work>
    void onReactor(Work work) {
        std::promise<void> done;
        asio::post(engine_.executor(), [&] {
            work();
            done.set_value();
        });
        done.get_future().wait();
    }
    /// The engine takes notice of it, but cannot tell yet.
    void letPeerLeave() {
        stuck_.client.post(OpCode::ByeSignal, stuck_.atClient);
        EXPECT_TRUE(eventually(
            [&] { return stuck_.server->group.channelInfo(stuck_.atServer).state == ChannelPhase::Closed; }));
    }
    void letGo() {
        engine_.gate.open();
        EXPECT_FALSE(writer_.get());
    }
    /// What arrives at the client, until the channel closes; what came back at the server.
    void expectEachOnce(const std::vector<MessageId>& posted) {
        std::vector<MessageId> seen;
        for (;;) {
            const MessagePtr message = stuck_.client.next();
            if (message->isFromApplication() && message->header.opCode != OpCode::ByeRequest)
                seen.push_back(message->header.messageId);
            if (isClosedNotice(*message)) break;
        }
        if (stuck_.server) {
            for (const MessagePtr& message : stuck_.server->collectUntilClosed(stuck_.atServer))
                if (!isClosedNotice(*message)) seen.push_back(message->header.messageId);
            if (stuck_.server->group.isOpen()) stuck_.server->expectNothingMore();
        }
        EXPECT_EQ(seen, posted) << "in order, first what arrived, then what came back";
    }

    Side peer_;
    GatedEngine engine_{Options{.lingerTimeout = patience}};
    Lane stuck_{engine_, peer_};
    Lane other_{engine_, peer_};
    std::future<error_code> writer_;
    MessageId answerId_ = 0;
};

std::string nameOf(const testing::TestParamInfo<StopPoint>& one) {
    constexpr std::array names{"BeforeWriting", "TheMiddle", "AfterWriting"};
    return names[static_cast<std::size_t>(one.param)];
}

INSTANTIATE_TEST_SUITE_P(In, StuckWriter,
                         testing::Values(StopPoint::BeforeWriting, StopPoint::InTheMiddle,
                                         StopPoint::AfterWriting),
                         nameOf);

TEST_P(StuckWriter, HoldsUpItsOwnChannelOnly) {
    stopAWriter();
    postBehind(1'000);
    other_.ping();
    postBehind(1'002);
    other_.ping();
    letGo();
    EXPECT_EQ(stuck_.client.next(OpCode::Response)->header.messageId, answerId_);
    for (MessageId id = 1'000; id < 1'004; ++id)
        EXPECT_EQ(stuck_.client.next(OpCode::Signal)->header.messageId, id);
    stuck_.ping();
}

TEST_P(StuckWriter, ItsChannelIsClosedMeanwhile) {
    stopAWriter();
    postBehind(1'000);
    stuck_.server->post(OpCode::ByeSignal, stuck_.atServer);
    other_.ping();
    letGo();
    expectEachOnce({answerId_, 1'000, 1'001});
    other_.ping();
}

TEST_P(StuckWriter, ItsChannelIsClosedByTheReactorMeanwhile) {
    stopAWriter();
    onReactor([&] { stuck_.server->post(OpCode::ByeSignal, stuck_.atServer); });
    other_.ping();
    letGo();
    expectEachOnce({answerId_});
}

TEST_P(StuckWriter, ThePeerLeavesMeanwhile) {
    stopAWriter();
    postBehind(1'000);
    letPeerLeave();
    other_.ping();
    letGo();
    // Of what was on its way some may be lost, with the connection.
    std::vector<MessageId> returned;
    for (const MessagePtr& message : stuck_.server->collectUntilClosed(stuck_.atServer))
        if (!isClosedNotice(*message)) returned.push_back(message->header.messageId);
    stuck_.server->expectNothingMore();
    const std::vector<MessageId> posted{answerId_, 1'000, 1'001};
    ASSERT_LE(returned.size(), posted.size());
    EXPECT_TRUE(std::equal(returned.rbegin(), returned.rend(), posted.rbegin()));
    EXPECT_EQ(stuck_.server->group.stats().returned.total(), returned.size());
}

TEST_P(StuckWriter, TheReactorAnswersAByeBehindIt) {
    stopAWriter();
    stuck_.client.post(OpCode::ByeRequest, stuck_.atClient);
    stuck_.server->next(OpCode::ByeRequest).reset();  // dropped: the engine answers
    other_.ping();
    letGo();
    EXPECT_EQ(stuck_.client.next(OpCode::Response)->header.messageId, answerId_);
    stuck_.client.next(OpCode::ByeResponse);
    stuck_.client.nextClosed(stuck_.atClient);
    stuck_.server->nextClosed(stuck_.atServer);
}

TEST_P(StuckWriter, ItsGroupGoesMeanwhile) {
    stopAWriter();
    postBehind(1'000);
    stuck_.server->group = ChannelGroup();
    other_.ping();
    letGo();
    stuck_.server.reset();
    expectEachOnce({answerId_, 1'000, 1'001});
    EXPECT_TRUE(eventually([&] { return engine_.stats().channels == 2; }));
}

TEST_P(StuckWriter, ItsGroupGoesAfterItsChannelHasEndedMeanwhile) {
    stopAWriter();
    letPeerLeave();
    stuck_.server->group = ChannelGroup();
    other_.ping();
    letGo();
    stuck_.server.reset();
    EXPECT_TRUE(eventually([&] { return engine_.stats().groups == 1; }));
    EXPECT_TRUE(eventually([&] { return engine_.stats().channels == 2; }));
    other_.ping();
}

TEST_P(StuckWriter, ItsEngineShutsDownMeanwhile) {
    stopAWriter();
    postBehind(1'000);
    std::future<ShutdownReport> report =
        std::async(std::launch::async, [&] { return engine_.shutdown(patience); });
    EXPECT_TRUE(eventually([&] { return !stuck_.server->group.isOpen(); }));
    letGo();
    EXPECT_TRUE(report.get().complete);
    expectEachOnce({answerId_, 1'000, 1'001});
}

TEST_P(StuckWriter, ItsEngineIsStoppedMeanwhile) {
    stopAWriter();
    std::future<ShutdownReport> report = std::async(std::launch::async, [&] { return engine_.shutdown(0s); });
    EXPECT_TRUE(eventually([&] { return !stuck_.server->group.isOpen(); }));
    letGo();
    report.get();
    stuck_.server->collectUntilClosed(stuck_.atServer);
}

TEST_P(StuckWriter, ItsEngineIsStoppedAfterItsChannelHasEndedMeanwhile) {
    stopAWriter();
    letPeerLeave();
    std::future<ShutdownReport> report = std::async(std::launch::async, [&] { return engine_.shutdown(0s); });
    EXPECT_TRUE(eventually([&] { return !stuck_.server->group.isOpen(); }));
    letGo();
    report.get();
    stuck_.server->collectUntilClosed(stuck_.atServer);
}

}  // namespace
}  // namespace tempeh::test

// What an engine leaves behind, and what ends with it, seen from outside.

#include "support/engine_fixture.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <thread>

namespace tempeh::test {
namespace {

/// Tells when the last of an engine is gone: an engine holds its logger as long as it exists.
class EngineLife {
public:
    Options options() const {
        Options options;
        options.logger = logger_;
        return options;
    }
    bool isOver() const { return logger_.use_count() == 1; }

private:
    std::shared_ptr<spdlog::logger> logger_ =
        std::make_shared<spdlog::logger>("review", std::make_shared<spdlog::sinks::null_sink_mt>());
};

void openChannelTo(Party& party, const Listening& listening) {
    party.sayHello(listening.address);
    party.acceptHello();
    party.next(OpCode::HelloResponse);
}

TEST(EngineMemory, GoesWithTheReactor) {
    const EngineLife life;
    {
        Side side(life.options());
        openChannelTo(side.party, side->listen(localTcp()));
    }
    EXPECT_TRUE(life.isOver());
}

TEST(EngineMemory, GoesWithTheLastGroup) {
    const EngineLife life;
    std::optional<Reactor> reactor(std::in_place, life.options());
    std::optional<Party> party(*reactor);
    openChannelTo(*party, party->listen(localTcp()));
    reactor.reset();
    EXPECT_FALSE(life.isOver());
    party.reset();
    EXPECT_TRUE(life.isOver());
}

class OnContext : public ::testing::Test {
protected:
    template <typename Work>
    void whileItRuns(Work work) {
        const auto guard = asio::make_work_guard(*context_);
        std::thread runner([this] { context_->run(); });
        work();
        context_->stop();
        runner.join();
        context_->restart();
    }
    void openChannel() {
        whileItRuns([this] { openChannelTo(*party_, party_->listen(localTcp())); });
    }

    EngineLife life_;
    std::optional<asio::io_context> context_{std::in_place};
    std::optional<Reactor> reactor_{std::in_place, *context_, life_.options()};
    std::optional<Party> party_{*reactor_};
};

TEST_F(OnContext, TheEngineGoesWithTheLastOfGroupReactorAndContext) {
    openChannel();
    reactor_.reset();
    context_.reset();
    EXPECT_FALSE(life_.isOver());
    party_.reset();
    EXPECT_TRUE(life_.isOver());
}

TEST_F(OnContext, TheEngineGoesWithAContextThatRunsOn) {
    openChannel();
    party_.reset();
    reactor_.reset();
    context_->run();
    EXPECT_TRUE(life_.isOver());
}

TEST_F(OnContext, WhatWasPostedComesBackWhenTheContextGoesFirst) {
    const BinaryHeader unseen = party_->sayHello(TcpClientAddress{"127.0.0.1", 9});
    party_->post(OpCode::Request, unseen.channelNumber, "behind it");
    reactor_.reset();
    context_.reset();
    MessagePtr message = party_->channels.waitReceive(0s);
    ASSERT_NE(message, nullptr);
    EXPECT_EQ(message->header.opCode, OpCode::HelloResponse);
    EXPECT_EQ(statusOf(*message), Status::ShutdownStarted);
    EXPECT_EQ(message->header.messageId, unseen.messageId);
    message = party_->channels.waitReceive(0s);
    ASSERT_NE(message, nullptr);
    EXPECT_EQ(message->body.view(), "behind it");
    message = party_->channels.waitReceive(0s);
    ASSERT_NE(message, nullptr);
    EXPECT_TRUE(isClosedNotice(*message));
    error_code ec;
    EXPECT_EQ(party_->channels.waitReceive(0s, ec), nullptr);
    EXPECT_EQ(ec, Status::ShutdownStarted);
    message.reset();
    party_.reset();
    EXPECT_TRUE(life_.isOver());
}

TEST_F(OnContext, WhatAnOpenChannelHadQueuedComesBackWhenTheContextGoesFirst) {
    ChannelNumber channel = 0;
    whileItRuns([this, &channel] {
        const Listening listening = party_->listen(localTcp());
        channel = party_->sayHello(listening.address).channelNumber;
        party_->acceptHello();
        party_->next(OpCode::HelloResponse);
    });
    party_->post(OpCode::Request, channel, "queued");
    reactor_.reset();
    context_.reset();
    int returned = 0;
    int closed = 0;
    error_code ec;
    while (const MessagePtr message = party_->channels.waitReceive(0s, ec)) {
        returned += message->body.view() == "queued";
        closed += isClosedNotice(*message);
    }
    EXPECT_EQ(ec, Status::ShutdownStarted);
    EXPECT_EQ(returned, 1);
    EXPECT_EQ(closed, 3) << "listener and both ends";
}

TEST_F(OnContext, RunsOutOfWorkThoughATimeoutWasFarAway) {
    auto waiting = [](ChannelGroup& group) -> asio::awaitable<void> {
        co_await group.waitReceive(std::chrono::hours(1));
    };
    asio::co_spawn(*context_, waiting(party_->group), asio::detached);
    while (context_->poll() != 0) {
    }
    party_->channels.updateReceiver();
    while (context_->poll() != 0) {
    }
    party_.reset();
    reactor_.reset();
    auto run = std::async(std::launch::async, [this] { context_->run(); });
    EXPECT_EQ(run.wait_for(20s), std::future_status::ready) << "an idle timer keeps the context";
    context_->stop();
}

// Destroying groups of an engine that is gone, from several threads.
TEST(GroupsWithoutEngine, MayGoOnSeveralThreadsAtOnce) {
    constexpr int threads = 4;
    for (int round = 0; round < 20; ++round) {
        std::optional<Reactor> reactor(std::in_place);
        std::vector<std::optional<Party>> parties(threads);
        for (std::optional<Party>& party : parties) {
            party.emplace(*reactor);
            openChannelTo(*party, party->listen(localTcp()));
        }
        reactor.reset();
        std::vector<std::jthread> destroyers;
        for (std::optional<Party>& party : parties)
            destroyers.emplace_back([&party] { party.reset(); });
    }
}

// --- Exceptions of handlers that run beside the sockets ---

TEST(ThrowingHandler, OfAMessageThatArrivesDoesNotStopTheEngine) {
    Link link;
    for (int round = 0; round < 3; ++round) {
        std::promise<void> called;
        asio::post(link.server.reactor.executor(), [&] {
            link.server.party.group.waitReceive(
                patience, asio::bind_executor(link.server.reactor.executor(),
                                              [&called](const error_code&, const MessagePtr&) {
                                                  called.set_value();
                                                  throw std::runtime_error("the application's");
                                              }));
        });
        link.client->post(OpCode::Request, link.atClient, "x");
        called.get_future().get();
    }
    link.client->post(OpCode::Request, link.atClient, "y");
    EXPECT_EQ(link.server->next(OpCode::Request)->body.view(), "y");
}

TEST(ThrowingHandler, OfACoroutineDoesNotStopTheEngine) {
    Link link;
    auto throwing = [](ChannelGroup& group) -> asio::awaitable<void> {
        co_await group.waitReceive();
        throw std::runtime_error("the application's");
    };
    std::promise<void> called;
    asio::co_spawn(link.server.reactor.executor(), throwing(link.server.party.group),
                   [&called](const std::exception_ptr& failure) {
                       called.set_value();
                       if (failure != nullptr) std::rethrow_exception(failure);
                   });
    link.client->post(OpCode::Request, link.atClient, "x");
    called.get_future().get();
    link.client->post(OpCode::Request, link.atClient, "y");
    EXPECT_EQ(link.server->next(OpCode::Request)->body.view(), "y");
}

/// Throws again and again until its context goes.
void throwForEver(const asio::any_io_executor& executor, std::promise<void>* begun) {
    asio::post(executor, [executor, begun] {
        throwForEver(executor, nullptr);
        if (begun != nullptr) begun->set_value();
        throw 42;
    });
}

TEST(ThrowingHandler, DuringTheEndDoesNotStopTheProgram) {
    const EngineLife life;  // its logger says nothing
    std::promise<void> begun;
    Reactor reactor(life.options());
    throwForEver(reactor.executor(), &begun);
    begun.get_future().get();
}

// --- Bounds ---

/// How many of many posts are taken, when every refused one gives the engine time.
int postMany(Party& party, ChannelNumber channel) {
    int taken = 0;
    for (int i = 0; i < 1000; ++i) {
        const Status status = party.tryPost(party.make(OpCode::Request, channel, "into the void"));
        if (status == Status::Success)
            ++taken;
        else
            std::this_thread::yield();
    }
    return taken;
}

TEST(Bounds, PostsToAChannelThatEnded) {
    Options options;
    options.sendQueueMessages = 16;
    Link link(Options(), options);
    link.server->post(OpCode::ByeSignal, link.atServer);
    ASSERT_TRUE(eventually(
        [&] { return link.client->channels.channelInfo(link.atClient).state == ChannelPhase::Closed; }));
    EXPECT_LE(postMany(link.client.party, link.atClient), 16);
}

TEST_F(OnContext, WhatAHandlerThrowsComesOutOfRun) {
    ChannelNumber channel = 0;
    whileItRuns([this, &channel] {
        const Listening listening = party_->listen(localTcp());
        channel = party_->sayHello(listening.address).channelNumber;
        party_->acceptHello();
        party_->next(OpCode::HelloResponse);
    });
    for (int round = 0; round < 2; ++round) {
        const auto throwing = [](const error_code&, const MessagePtr&) {
            throw std::runtime_error("the application's");
        };
        party_->group.waitReceive(infinite, asio::bind_executor(reactor_->executor(), throwing));
        party_->post(OpCode::Signal, channel, "x");
        EXPECT_THROW(context_->run(), std::runtime_error);
    }
}

TEST(Bounds, PostsBehindABye) {
    Options options;
    options.sendQueueMessages = 16;
    Link link(Options(), options);
    link.client->post(OpCode::ByeRequest, link.atClient);
    EXPECT_LE(postMany(link.client.party, link.atClient), 32);
}

TEST(Bounds, AWaitForRoomWithoutTimeLooks) {
    Link link;
    error_code ec;
    EXPECT_TRUE(link.client->channels.waitWritable(link.atClient, 0s, ec));
    EXPECT_FALSE(ec);
    EXPECT_FALSE(link.client->channels.waitWritable(1, 0s, ec));
    EXPECT_TRUE(ec) << "there is no such channel";
}

}  // namespace
}  // namespace tempeh::test

// What may go before what, in the core: facades and awaitables after their group, groups after the context of
// their receiver, engines whose context ends with something listed.

#include "support/engine_fixture.hpp"

#include <tempeh/message/detail/text_block.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <optional>
#include <thread>

namespace tempeh::test {
namespace {

void dropGroup(Reactor& reactor, ChannelGroup& group) {
    group = {};
    ASSERT_TRUE(eventually([&] { return reactor.stats().groups == 0; }));
}

TEST(DestructionOrder, AFacadeMayOutliveItsGroup) {
    Side server;
    const Listening listening = server->listen(localTcp());
    Reactor reactor;
    ChannelGroup group = reactor.createGroup();
    const BlockingChannelGroup facade = group.blocking();
    dropGroup(reactor, group);

    error_code ec;
    MessagePtr hello = reactor.get();
    format(listening.address, *hello);
    facade.post(std::move(hello), ec);
    EXPECT_EQ(ec, Status::InvalidChannelGroup);
    EXPECT_NE(hello, nullptr);  // NOLINT(bugprone-use-after-move): a failed post leaves the message here
    MessageQueue hellos;
    hellos.pushBack(std::move(hello));
    EXPECT_EQ(facade.postAll(hellos, ec), 0U);
    EXPECT_EQ(ec, Status::InvalidChannelGroup);
    EXPECT_EQ(hellos.size(), 1U);
    EXPECT_EQ(facade.waitReceive(infinite, ec), nullptr);
    EXPECT_EQ(ec, asio::error::operation_aborted);
    EXPECT_FALSE(facade.waitWritable(1, infinite, ec));
    EXPECT_EQ(ec, Status::InvalidChannelGroup);
    EXPECT_FALSE(facade.waitWritable(1, Duration::zero(), ec));
    EXPECT_EQ(ec, Status::InvalidChannelGroup);
    server->expectNothingMore();
}

/// Under way when the group goes: whatever becomes of the hello, the engine lives.
TEST(DestructionOrder, AFacadeMayPostWhileItsGroupGoes) {
    Side server;
    const Listening listening = server->listen(localTcp());
    Reactor reactor;
    for (int i = 0; i < 50; ++i) {
        ChannelGroup group = reactor.createGroup();
        std::thread poster([&reactor, &listening, facade = group.blocking()] {
            error_code ec;
            while (!ec) {
                MessagePtr hello = reactor.get();
                format(listening.address, *hello);
                facade.post(std::move(hello), ec);
            }
        });
        group = {};
        poster.join();
    }
    EXPECT_TRUE(eventually([&] { return reactor.stats().channels == 0; }));
}

template <typename T>
error_code codeOfLate(asio::io_context& context, asio::awaitable<T> operation, Reactor& reactor,
                      ChannelGroup& group) {
    error_code code;
    asio::co_spawn(context, std::move(operation), [&code](const std::exception_ptr& failure, const T&) {
        try {
            if (failure != nullptr) std::rethrow_exception(failure);
        } catch (const boost::system::system_error& error) {
            code = error.code();
        }
    });
    dropGroup(reactor, group);
    context.restart();
    context.run();
    return code;
}

TEST(DestructionOrder, AnAwaitableMayStartWhenItsGroupIsGone) {
    Reactor reactor;
    asio::io_context context;
    ChannelGroup group = reactor.createGroup();
    EXPECT_EQ(codeOfLate(context, group.waitReceive(), reactor, group), asio::error::operation_aborted);
    group = reactor.createGroup();
    EXPECT_EQ(codeOfLate(context, group.waitWritable(1), reactor, group), Status::InvalidChannelNumber);
}

asio::awaitable<void> receiveForEver(ChannelGroup& group) {
    for (;;)
        (void)co_await group.waitReceive();
}

asio::awaitable<void> receiveDeferred(ChannelGroup& group) {
    for (;;) {
        auto receiving = group.waitReceive(asio::deferred);
        (void)co_await std::move(receiving);
    }
}

/// The receiver is destroyed with its context, and the next one is as if it had never been.
void expectThatTheContextMayGo(Reactor& reactor, ChannelGroup& group,
                               asio::awaitable<void> (*receive)(ChannelGroup&)) {
    for (int i = 0; i < 3; ++i) {
        asio::io_context context;
        asio::co_spawn(context, receive(group), asio::detached);
        group.updateReceiver();
        context.poll();
        error_code ec;
        EXPECT_EQ(group.tryReceive(ec), nullptr);
    }
    group.updateReceiver();
    EXPECT_NE(group.blocking().waitReceive(patience), nullptr);
    asio::io_context last;
    asio::co_spawn(last, receive(group), asio::detached);
    last.poll();
    dropGroup(reactor, group);
}

TEST(DestructionOrder, AReceiversContextMayGoBeforeTheGroup) {
    Reactor reactor;
    for (const auto receive : {&receiveForEver, &receiveDeferred}) {
        ChannelGroup group = reactor.createGroup();
        expectThatTheContextMayGo(reactor, group, receive);
    }
}

TEST(DestructionOrder, AReceiversThreadPoolMayGoBeforeTheGroup) {
    Reactor reactor;
    ChannelGroup group = reactor.createGroup();
    for (int i = 0; i < 10; ++i) {
        asio::thread_pool pool(2);
        asio::co_spawn(pool, receiveForEver(group), asio::detached);
        group.updateReceiver();
        ASSERT_TRUE(eventually([&] { return group.stats().pending == 0; }));
    }
}

/// The context is destroyed under a stream of messages for its receiver.
TEST(DestructionOrder, AReceiversContextMayGoWhileMessagesCome) {
    Reactor reactor;
    ChannelGroup group = reactor.createGroup();
    std::atomic<bool> isOver = false;
    std::thread sender([&] {
        while (!isOver) {
            if (group.stats().pending < 16)
                group.updateReceiver();
            else
                std::this_thread::yield();
        }
    });
    for (int i = 0; i < 100; ++i) {
        asio::io_context context;
        asio::co_spawn(context, receiveForEver(group), asio::detached);
        for (int handlers = 0; handlers < 20; ++handlers)
            context.run_one();
    }
    isOver = true;
    sender.join();
}

/// Tells when the last of an engine is gone: an engine holds its logger as long as it exists.
class DestructionOrderOnContext : public ::testing::Test {
protected:
    Options options() const {
        Options options;
        options.logger = logger_;
        return options;
    }
    bool isOver() const { return logger_.use_count() == 1; }

    /// An open channel whose peer said bye, and the bye.
    void receiveBye() {
        const auto guard = asio::make_work_guard(*context_);
        std::thread runner([this] { context_->run(); });
        const Listening listening = party_->listen(localTcp());
        const ChannelNumber channel = client_->sayHello(listening.address).channelNumber;
        party_->acceptHello();
        client_->next(OpCode::HelloResponse);
        client_->post(OpCode::ByeRequest, channel);
        bye_ = party_->next(OpCode::ByeRequest);
        context_->stop();
        runner.join();
    }

    std::shared_ptr<spdlog::logger> logger_ =
        std::make_shared<spdlog::logger>("order", std::make_shared<spdlog::sinks::null_sink_mt>());
    Side client_;
    std::optional<asio::io_context> context_{std::in_place};
    std::optional<Reactor> reactor_{std::in_place, *context_, options()};
    std::optional<Party> party_{*reactor_};
    MessagePtr bye_;
};

TEST_F(DestructionOrderOnContext, AByeDroppedBeforeTheContextLeavesNothing) {
    receiveBye();
    bye_.reset();
    party_.reset();
    reactor_.reset();
    context_.reset();
    EXPECT_TRUE(isOver());
}

TEST_F(DestructionOrderOnContext, AByeDroppedAfterTheContextLeavesNothing) {
    receiveBye();
    context_.reset();
    bye_.reset();
    party_.reset();
    reactor_.reset();
    EXPECT_TRUE(isOver());
}

TEST(DestructionOrder, ManyGroupsAreMadeAndDroppedInAnyOrder) {
    Reactor reactor;
    std::vector<ChannelGroup> groups;
    for (int i = 0; i < 2000; ++i)
        groups.push_back(reactor.createGroup());
    for (std::size_t i = 0; i < groups.size(); i += 2)
        groups[i] = {};
    for (std::size_t i = groups.size(); i-- > 0;)
        groups[i] = {};
    EXPECT_TRUE(eventually([&] { return reactor.stats().groups == 0; }));
}

TEST(MalformedTextHeaders, CannotBePosted) {
    Link link;
    for (const std::string_view block : {"oops", ":no name\r\n", "a:b\rc\r\n"}) {
        MessagePtr message = link.client->make(OpCode::Request, link.atClient);
        block.copy(
            reinterpret_cast<char*>(detail::TextBlock::prepare(message->textHeaders, block.size()).data()),
            block.size());
        detail::TextBlock::commit(message->textHeaders, block.size());
        EXPECT_EQ(link.client->tryPost(message), Status::InvalidMessage);
        MessageQueue all;
        all.pushBack(std::move(message));
        error_code ec;
        EXPECT_EQ(link.client.party.group.postAll(all, ec), 0U);
        EXPECT_EQ(ec, Status::InvalidMessage);
        message = all.popFront();
        message->textHeaders.clear();
        link.client->post(std::move(message));
        EXPECT_TRUE(link.server->next(OpCode::Request)->textHeaders.empty());
    }
}

}  // namespace
}  // namespace tempeh::test

#include "transport/tcp/resolver.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <memory>
#include <thread>
#include <vector>

namespace tempeh::transport {
namespace {

const asio::ip::tcp::endpoint answer(asio::ip::make_address("192.0.2.7"), 7);

/// A name server that answers when it is told to.
struct SlowServer {
    std::promise<void> go;
    std::promise<std::thread::id> asked;
};

LookupFunction askSlowServer(std::shared_ptr<SlowServer> server) {
    return [server = std::move(server)](const std::string&, std::uint16_t, error_code&) {
        server->asked.set_value(std::this_thread::get_id());
        server->go.get_future().wait();
        return TcpEndpoints{answer};
    };
}

struct Result {
    TcpEndpoints endpoints;
    error_code ec;
    bool isDone = false;
};

asio::awaitable<void> resolveInto(Resolver& resolver, std::string host, Result& result) {
    result.endpoints = co_await resolver.resolve(std::move(host), 80, result.ec);
    result.isDone = true;
}

class ResolverTest : public ::testing::Test {
protected:
    Result resolve(const std::string& host) {
        Resolver resolver(context_.get_executor());
        Result result;
        asio::co_spawn(context_, resolveInto(resolver, host, result), asio::detached);
        context_.restart();
        context_.run();
        EXPECT_TRUE(result.isDone);
        return result;
    }

    std::shared_ptr<SlowServer> server_ = std::make_shared<SlowServer>();
    asio::io_context context_{1};
};

TEST_F(ResolverTest, TakesLiteralsAsTheyAre) {
    const LookupFunction forbidden = [](const std::string&, std::uint16_t, error_code&) -> TcpEndpoints {
        ADD_FAILURE() << "looked a literal up";
        return {};
    };
    for (const char* const literal : {"127.0.0.1", "::1", "2001:db8::5"}) {
        Resolver resolver(context_.get_executor(), forbidden);
        Result result;
        asio::co_spawn(context_, resolveInto(resolver, literal, result), asio::detached);
        context_.restart();
        context_.poll();
        ASSERT_TRUE(result.isDone);
        EXPECT_FALSE(result.ec);
        EXPECT_EQ(result.endpoints, (TcpEndpoints{{asio::ip::make_address(literal), 80}}));
    }
}

TEST_F(ResolverTest, FindsLocalhost) {
    const Result result = resolve("localhost");
    ASSERT_FALSE(result.ec) << result.ec.message();
    ASSERT_FALSE(result.endpoints.empty());
    for (const asio::ip::tcp::endpoint& endpoint : result.endpoints) {
        EXPECT_TRUE(endpoint.address().is_loopback());
        EXPECT_EQ(endpoint.port(), 80);
    }
}

TEST_F(ResolverTest, ReportsANameThatDoesNotExist) {
    const Result result = resolve("no-such-host.invalid");
    EXPECT_TRUE(result.endpoints.empty());
    EXPECT_TRUE(result.ec == asio::error::host_not_found ||
                result.ec == asio::error::host_not_found_try_again)
        << result.ec.message();
}

TEST_F(ResolverTest, RejectsNamesThatAreNone) {
    EXPECT_EQ(resolve("").ec, Status::InvalidAddress);
    EXPECT_EQ(resolve(std::string("local\0host", 10)).ec, Status::InvalidAddress);
}

TEST_F(ResolverTest, ALookupThatThrowsIsAnError) {
    Resolver resolver(
        context_.get_executor(),
        [](const std::string&, std::uint16_t, error_code&) -> TcpEndpoints { throw std::bad_alloc(); });
    Result result;
    asio::co_spawn(context_, resolveInto(resolver, "name", result), asio::detached);
    context_.run();
    EXPECT_EQ(result.ec, asio::error::no_memory);
}

TEST_F(ResolverTest, LooksUpOnAnotherThreadWhileTheExecutorGoesOn) {
    Resolver resolver(context_.get_executor(), askSlowServer(server_));
    Result result;
    asio::co_spawn(context_, resolveInto(resolver, "name", result), asio::detached);
    context_.poll();
    EXPECT_NE(server_->asked.get_future().get(), std::this_thread::get_id());
    EXPECT_FALSE(result.isDone);
    server_->go.set_value();
    context_.run();
    EXPECT_FALSE(result.ec);
    EXPECT_EQ(result.endpoints, TcpEndpoints{answer});
}

TEST_F(ResolverTest, NamesWhoseServersAreSilentHoldUpNoOther) {
    constexpr std::size_t silentNames = 100;
    std::vector<std::shared_ptr<SlowServer>> servers;
    std::vector<std::unique_ptr<Resolver>> resolvers;
    std::vector<Result> results(silentNames);
    for (std::size_t i = 0; i < silentNames; ++i) {
        servers.push_back(std::make_shared<SlowServer>());
        resolvers.push_back(
            std::make_unique<Resolver>(context_.get_executor(), askSlowServer(servers.back())));
        asio::co_spawn(context_, resolveInto(*resolvers.back(), "name", results[i]), asio::detached);
    }
    context_.poll();
    Resolver resolver(context_.get_executor(),
                      [](const std::string&, std::uint16_t, error_code&) { return TcpEndpoints{answer}; });
    Result result;
    asio::co_spawn(context_, resolveInto(resolver, "name", result), asio::detached);
    while (!result.isDone)
        context_.run_one();
    EXPECT_EQ(result.endpoints, TcpEndpoints{answer});
    for (const std::shared_ptr<SlowServer>& server : servers)
        server->go.set_value();
    context_.run();
    EXPECT_TRUE(std::ranges::all_of(results, &Result::isDone));
}

TEST_F(ResolverTest, SaysWhetherItsLookupWaitsForAThread) {
    LookupThreads one(1);
    Resolver busy(context_.get_executor(), askSlowServer(server_), one);
    Resolver queued(
        context_.get_executor(),
        [](const std::string&, std::uint16_t, error_code&) { return TcpEndpoints{answer}; }, one);
    EXPECT_FALSE(queued.isQueued());
    Result first;
    Result second;
    asio::co_spawn(context_, resolveInto(busy, "name", first), asio::detached);
    asio::co_spawn(context_, resolveInto(queued, "other", second), asio::detached);
    context_.poll();
    server_->asked.get_future().wait();
    EXPECT_FALSE(busy.isQueued());
    EXPECT_TRUE(queued.isQueued());
    server_->go.set_value();
    context_.run();
    EXPECT_FALSE(queued.isQueued());
    EXPECT_EQ(second.endpoints, TcpEndpoints{answer});
}

TEST_F(ResolverTest, CancelDoesNotWaitForTheLookup) {
    Resolver resolver(context_.get_executor(), askSlowServer(server_));
    Result result;
    asio::co_spawn(context_, resolveInto(resolver, "name", result), asio::detached);
    context_.poll();
    server_->asked.get_future().wait();
    resolver.cancel();
    EXPECT_FALSE(result.isDone);
    context_.run();
    EXPECT_EQ(result.ec, asio::error::operation_aborted);
    EXPECT_TRUE(result.endpoints.empty());
    server_->go.set_value();
}

TEST_F(ResolverTest, CancelWinsAgainstAResultThatIsUnderWay) {
    Resolver resolver(context_.get_executor(), askSlowServer(server_));
    Result result;
    asio::co_spawn(context_, resolveInto(resolver, "name", result), asio::detached);
    context_.poll();
    server_->go.set_value();
    while (LookupThreads::ofProcess().runningThreads() > 0)
        std::this_thread::yield();
    resolver.cancel();
    context_.run();
    EXPECT_EQ(result.ec, asio::error::operation_aborted);
}

TEST_F(ResolverTest, HonoursTheCancellationOfItsCoroutine) {
    Resolver resolver(context_.get_executor(), askSlowServer(server_));
    Result result;
    asio::cancellation_signal signal;
    asio::co_spawn(context_, resolveInto(resolver, "name", result),
                   asio::bind_cancellation_slot(signal.slot(), asio::detached));
    context_.poll();
    signal.emit(asio::cancellation_type::terminal);
    context_.run();
    EXPECT_EQ(result.ec, asio::error::operation_aborted);
    server_->go.set_value();
}

TEST_F(ResolverTest, NeitherTheContextNorTheLookupMindsTheOthersEnd) {
    auto resolving = [](std::unique_ptr<Resolver> resolver, std::shared_ptr<int>) -> asio::awaitable<void> {
        Result result;
        co_await resolveInto(*resolver, "name", result);
        ADD_FAILURE() << "resumed";
    };
    std::weak_ptr<int> frame;
    {
        asio::io_context context{1};
        auto inFrame = std::make_shared<int>();
        frame = inFrame;
        auto resolver = std::make_unique<Resolver>(context.get_executor(), askSlowServer(server_));
        asio::co_spawn(context, resolving(std::move(resolver), std::move(inFrame)), asio::detached);
        context.poll();
        server_->asked.get_future().wait();
    }
    EXPECT_TRUE(frame.expired());
    server_->go.set_value();
    while (LookupThreads::ofProcess().runningThreads() > 0)
        std::this_thread::yield();
}

TEST_F(ResolverTest, AContextMayEndWhileResultsArrive) {
    for (int i = 0; i < 200; ++i) {
        auto context = std::make_unique<asio::io_context>(1);
        auto resolving = [](std::unique_ptr<Resolver> resolver) -> asio::awaitable<void> {
            Result result;
            co_await resolveInto(*resolver, "name", result);
        };
        std::promise<void> started;
        const LookupFunction quick = [&started](const std::string&, std::uint16_t, error_code&) {
            started.set_value();
            return TcpEndpoints{answer};
        };
        asio::co_spawn(*context, resolving(std::make_unique<Resolver>(context->get_executor(), quick)),
                       asio::detached);
        context->poll();
        started.get_future().wait();
        context.reset();  // at about the time of the post
        while (LookupThreads::ofProcess().runningThreads() > 0)
            std::this_thread::yield();
    }
}

}  // namespace
}  // namespace tempeh::transport

#include "core/engine/reactor_context.hpp"

#include <boost/asio/strand.hpp>
#include <boost/asio/system_executor.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace tempeh::core {
namespace {

TEST(ReactorContext, KnowsItsOwnExecutor) {
    asio::io_context context;
    asio::io_context other;
    ReactorContext reactor(context, context.get_executor());
    EXPECT_TRUE(reactor.isOwnExecutor(context.get_executor(), false));
    EXPECT_FALSE(reactor.isOwnExecutor(other.get_executor(), false));
    EXPECT_TRUE(reactor.isOwnContext(context));
    EXPECT_FALSE(reactor.isOwnContext(other));
}

TEST(ReactorContext, KnowsItsOwnStrand) {
    asio::io_context context;
    const asio::any_io_executor strand = asio::make_strand(context);
    ReactorContext reactor(context, strand);
    EXPECT_TRUE(reactor.isOwnExecutor(strand, false));
    EXPECT_TRUE(reactor.isOwnExecutor(strand, true));
    EXPECT_FALSE(reactor.isOwnExecutor(asio::make_strand(context), false));
    EXPECT_FALSE(reactor.isOwnExecutor(context.get_executor(), false));
}

TEST(ReactorContext, RunsWhatIsPostedInItsOwnThread) {
    asio::io_context context;
    ReactorContext reactor(context, asio::make_strand(context));
    bool isInside = false;
    reactor.post([&] { isInside = reactor.runsInThisThread(); });
    EXPECT_FALSE(reactor.runsInThisThread());
    context.run();
    EXPECT_TRUE(isInside);
}

TEST(ReactorContext, GivesNoHoldOnceItIsClosed) {
    asio::io_context context;
    ReactorContext reactor(context, context.get_executor());
    EXPECT_TRUE(static_cast<bool>(reactor.hold()));
    EXPECT_TRUE(reactor.close());
    EXPECT_FALSE(reactor.close());
    EXPECT_FALSE(static_cast<bool>(reactor.hold()));
    reactor.forget();
    EXPECT_FALSE(reactor.isOwnContext(context));
    EXPECT_EQ(reactor.executor(), asio::any_io_executor(asio::system_executor()));
}

TEST(ReactorContext, ClosingWaitsForWhoeverHoldsIt) {
    asio::io_context context;
    ReactorContext reactor(context, context.get_executor());
    std::atomic<bool> isHeld{false};
    std::atomic<bool> isReleased{false};
    std::thread holder([&] {
        const ContextUse::Hold hold = reactor.hold();
        isHeld = true;
        isHeld.notify_one();
        // close() refuses others from its first step on: then it waits for this thread.
        while (static_cast<bool>(reactor.hold()))
            std::this_thread::yield();
        isReleased = true;
    });
    isHeld.wait(false);
    EXPECT_TRUE(reactor.close());
    EXPECT_TRUE(isReleased);
    holder.join();
}

}  // namespace
}  // namespace tempeh::core

#include "transport/context_gate.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace tempeh::transport {
namespace {

class ContextGateTest : public ::testing::Test {
protected:
    std::optional<boost::asio::io_context> context_{1};
    boost::asio::any_io_executor executor_ = context_->get_executor();
    std::shared_ptr<ContextGate> gate_ = ContextGate::of(executor_);
};

TEST_F(ContextGateTest, PostsWhileTheContextLives) {
    bool ran = false;
    gate_->post(executor_, [&] { ran = true; });
    EXPECT_FALSE(ran);
    context_->run();
    EXPECT_TRUE(ran);
}

TEST_F(ContextGateTest, IsOneForAContext) {
    EXPECT_EQ(ContextGate::of(executor_), gate_);
    boost::asio::io_context other;
    EXPECT_NE(ContextGate::of(other.get_executor()), gate_);
}

TEST_F(ContextGateTest, PostsNothingToAContextThatHasGone) {
    context_.reset();
    const auto posted = std::make_shared<int>();
    gate_->post(executor_, [posted] { ADD_FAILURE() << "ran"; });
    EXPECT_EQ(posted.use_count(), 1);
}

// What the end of the context destroys may still call the gate, which is closed by then.
TEST_F(ContextGateTest, IsClosedBeforeTheContextThrowsItsQueueAway) {
    struct Probe {
        ~Probe() {
            gate->post(executor, [held = std::move(held)] {});
            *useCount = weak.use_count();
        }
        std::shared_ptr<ContextGate> gate;
        boost::asio::any_io_executor executor;
        std::shared_ptr<int> held;
        std::weak_ptr<int> weak;
        long* useCount;
    };
    long useCount = -1;
    auto held = std::make_shared<int>();
    const std::weak_ptr<int> weak = held;
    std::shared_ptr<Probe> probe(new Probe{gate_, executor_, std::move(held), weak, &useCount});
    boost::asio::post(executor_, [probe = std::move(probe)] {});
    context_.reset();
    EXPECT_EQ(useCount, 0);  // dropped at once, not queued
}

}  // namespace
}  // namespace tempeh::transport

#include "flows/server/handler_task.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <gtest/gtest.h>

namespace tempeh::flows::detail {
namespace {

class HandlerTaskTest : public ::testing::Test {
protected:
    void listen() {
        task_->slot().assign([this](asio::cancellation_type type) {
            EXPECT_EQ(type, asio::cancellation_type::terminal);
            ++cancelled_;
        });
    }

    asio::io_context context_;
    const HandlerTaskPtr task_ =
        std::make_shared<HandlerTask>(nullptr, asio::make_strand(context_.get_executor()), "client");
    int cancelled_ = 0;
};

TEST_F(HandlerTaskTest, IsCancelledOnItsExecutor) {
    listen();
    task_->begin();
    task_->cancel();
    EXPECT_EQ(cancelled_, 0);
    context_.run();
    EXPECT_EQ(cancelled_, 1);
}

TEST_F(HandlerTaskTest, CancelledBeforeItBeginsIsCancelledWhenItDoes) {
    task_->cancel();
    task_->cancel();
    EXPECT_EQ(context_.run(), 0U);  // the signal is not touched meanwhile
    listen();
    task_->begin();
    EXPECT_EQ(cancelled_, 1);
}

TEST(HandlerTaskExecutor, RunsOneThingAtATime) {
    asio::io_context context;
    asio::thread_pool pool(1);
    const asio::any_io_executor loops = context.get_executor();
    EXPECT_EQ(HandlerTask::serial(loops, loops), loops);
    const asio::any_io_executor strand = asio::make_strand(pool.get_executor());
    EXPECT_EQ(HandlerTask::serial(strand, loops), strand);
    const asio::any_io_executor made = HandlerTask::serial(pool.get_executor(), loops);
    EXPECT_NE(made, asio::any_io_executor(pool.get_executor()));
    EXPECT_NE(made.target<asio::strand<asio::any_io_executor>>(), nullptr);
}

}  // namespace
}  // namespace tempeh::flows::detail

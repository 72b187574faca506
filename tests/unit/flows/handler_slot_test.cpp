#include "flows/peer/handler_slot.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

namespace tempeh::flows::detail {
namespace {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;

/// As an operation would ask.
asio::awaitable<bool> mayTakeAtOnce(const HandlerSlot* slot) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    co_return slot->mayTakeAtOnce(state.slot());
}

struct Answers {
    bool unbound = true;
    bool own = false;
    bool nested = false;
    bool operand = true;
    bool afterwards = true;
};

asio::awaitable<bool> nested(const HandlerSlot* slot) {
    const bool may = co_await mayTakeAtOnce(slot);
    co_return may;
}

asio::awaitable<void> handler(HandlerSlot* slot, Answers* answers) {
    answers->unbound = co_await mayTakeAtOnce(slot);
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    slot->bind(state.slot());
    answers->own = co_await mayTakeAtOnce(slot);
    answers->nested = co_await nested(slot);
    const auto both = co_await (mayTakeAtOnce(slot) && mayTakeAtOnce(slot));
    answers->operand = std::get<0>(both) || std::get<1>(both);
    slot->unbind();
    answers->afterwards = co_await mayTakeAtOnce(slot);
}

TEST(HandlerSlot, TellsTheHandlerItselfFromAnOperandInsideIt) {
    asio::io_context context;
    asio::cancellation_signal signal;
    HandlerSlot slot;
    Answers answers;
    asio::co_spawn(context, handler(&slot, &answers),
                   asio::bind_cancellation_slot(signal.slot(), asio::detached));
    context.run();
    EXPECT_FALSE(answers.unbound) << "it can be cancelled, and nobody has said who it is";
    EXPECT_TRUE(answers.own);
    EXPECT_TRUE(answers.nested);
    EXPECT_FALSE(answers.operand);
    EXPECT_FALSE(answers.afterwards);
}

TEST(HandlerSlot, WhoCannotBeCancelledMayTakeAtOnce) {
    const HandlerSlot slot;
    EXPECT_TRUE(slot.mayTakeAtOnce(asio::cancellation_slot()));
}

}  // namespace
}  // namespace tempeh::flows::detail

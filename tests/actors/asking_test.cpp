#include "actors/actors_fixture.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_future.hpp>

#include <optional>
#include <stdexcept>

namespace tempeh::actors_test::asking {
namespace {

struct Twice {
    int n;
    using Reply = int;
};
struct Refuse {
    using Reply = int;
};
struct Fail {
    using Reply = int;
};
struct Never {
    using Reply = int;
};
struct Release {};
struct Later {
    int n;
    using Reply = std::string;
};
struct Drop {
    using Reply = int;
};

class Calculator {
public:
    int handle(Twice m) { return 2 * m.n; }
    int handle(Refuse) { throw actors::Refusal("not today"); }
    int handle(Fail) { throw std::runtime_error("the disk is full"); }
    void handle(Never, actors::Responder<int> responder) { kept_ = std::move(responder); }
    void handle(Release) { kept_.reply(7); }
    asio::awaitable<std::string> handle(Later m) { co_return std::to_string(m.n); }
    void handle(Drop, actors::Responder<int>) {}
    void handle(Sync) {}

private:
    actors::Responder<int> kept_;
};

class Asking : public ::testing::Test {
protected:
    actors::System system{onThreads(2)};
    actors::Ref<Calculator> calculator = system.spawn<Calculator>({.name = "calculator"});
};

TEST_F(Asking, AThreadGetsTheAnswer) {
    EXPECT_EQ(calculator.blocking().ask<Twice>(patience, 21), 42);
    EXPECT_EQ(calculator.blocking().ask(patience, Twice{4}), 8);
    EXPECT_EQ(calculator.blocking().ask<Later>(patience, 5), "5");
}

TEST_F(Asking, ARefusalKeepsItsTextAndTheActor) {
    EXPECT_EQ(errcOf([&] { calculator.blocking().ask<Refuse>(patience); }), actors::Errc::Refused);
    EXPECT_EQ(textOf([&] { calculator.blocking().ask<Refuse>(patience); }), "Refused: not today");
    EXPECT_EQ(calculator.blocking().ask<Twice>(patience, 1), 2);
}

TEST_F(Asking, AFailureKeepsItsCauseAndEndsTheActor) {
    EXPECT_EQ(textOf([&] { calculator.blocking().ask<Fail>(patience); }),
              "HandlerFailed: calculator: the disk is full");
    EXPECT_EQ(errcOf([&] { calculator.blocking().ask<Twice>(patience, 1); }), actors::Errc::Stopped);
    EXPECT_EQ(calculator.tell(Twice{1}), actors::Errc::Stopped);
    EXPECT_EQ(system.deadLetters().of(actors::Errc::HandlerFailed), 1U);
    EXPECT_FALSE(system.find<Calculator>("calculator"));
}

TEST_F(Asking, EndsAfterItsTimeout) {
    EXPECT_EQ(errcOf([&] { calculator.blocking().ask<Never>(1ms); }), actors::Errc::Timeout);
    EXPECT_EQ(errcOf([&] { calculator.ask<Never>(1ms)(asio::use_future).get(); }), actors::Errc::Timeout);
    EXPECT_EQ(calculator.tell(Release{}), actors::Errc::Success);  // too late: nothing happens
    sync(calculator);
}

TEST_F(Asking, ADroppedResponderFailsTheQuestionAndNotTheActor) {
    EXPECT_EQ(errcOf([&] { calculator.blocking().ask<Drop>(patience); }), actors::Errc::HandlerFailed);
    EXPECT_EQ(calculator.blocking().ask<Twice>(patience, 1), 2);
}

TEST_F(Asking, AKeptResponderAnswersLater) {
    auto answer = calculator.ask<Never>(patience)(asio::use_future);
    EXPECT_EQ(calculator.tell(Release{}), actors::Errc::Success);
    EXPECT_EQ(answer.get(), 7);
}

TEST_F(Asking, AKeptResponderFailsWhenItsActorEnds) {
    auto answer = calculator.ask<Never>(patience)(asio::use_future);
    sync(calculator);
    static_cast<void>(calculator.tell(Fail{}));
    EXPECT_EQ(errcOf([&] { answer.get(); }), actors::Errc::HandlerFailed);
}

TEST_F(Asking, AnEmptyRefIsNobody) {
    const actors::Ref<Calculator> nobody;
    EXPECT_EQ(nobody.tell(Twice{1}), actors::Errc::NotFound);
    EXPECT_EQ(errcOf([&] { nobody.blocking().ask<Twice>(patience, 1); }), actors::Errc::NotFound);
    EXPECT_EQ(errcOf([&] { nobody.ask<Twice>(patience, 1)(asio::use_future).get(); }),
              actors::Errc::NotFound);
    EXPECT_EQ(nobody.name(), "");
    EXPECT_FALSE(nobody);
}

TEST_F(Asking, TakesEveryToken) {
    asio::io_context io;
    std::optional<int> called;
    calculator.ask<Twice>(
        patience, 3)(asio::bind_executor(io, [&](error_code ec, int value) { called = ec ? -1 : value; }));
    auto pair = asio::co_spawn(
        io,
        [](actors::Ref<Calculator> ref) -> asio::awaitable<void> {
            auto [ec, value] = co_await ref.ask<Refuse>(patience)(asio::as_tuple(asio::use_awaitable));
            EXPECT_EQ(ec, actors::Errc::Refused);
            error_code code;
            const int redirected =
                co_await ref.ask<Twice>(patience, 8)(asio::redirect_error(asio::use_awaitable, code));
            EXPECT_EQ(redirected, 16);
            EXPECT_FALSE(code);
            const int plain = co_await ref.ask<Twice>(patience, 9);
            EXPECT_EQ(plain, 18);
            const int whole = co_await ref.ask(patience, Twice{10});
            EXPECT_EQ(whole, 20);
            co_await ref.send<Twice>(1);
        }(calculator),
        asio::use_future);
    io.run();
    pair.get();
    EXPECT_EQ(called, 6);
}

TEST_F(Asking, CanBeCancelled) {
    asio::io_context io;
    asio::cancellation_signal signal;
    error_code result;
    calculator.ask<Never>(infinite)(asio::bind_executor(
        io, asio::bind_cancellation_slot(signal.slot(), [&](error_code ec, int) { result = ec; })));
    signal.emit(asio::cancellation_type::total);
    io.run();
    EXPECT_EQ(result, asio::error::operation_aborted);
    EXPECT_EQ(calculator.blocking().ask<Twice>(patience, 1), 2);
}

TEST_F(Asking, IsSentOnlyOnceStarted) {
    { const auto dropped = calculator.ask<Twice>(patience, 1); }
    EXPECT_EQ(calculator.blocking().ask<Twice>(patience, 1), 2);
    EXPECT_EQ(system.deadLetters().total, 0U);
}

/// Asks another actor of its kind, or answers.
struct Chain {
    int left;
    using Reply = int;
};
class Link {
public:
    explicit Link(actors::Context& self) : self_(self) {}
    asio::awaitable<int> handle(Chain m) {
        if (m.left == 0) co_return 0;
        const std::string next = self_.name() == "a" ? "b" : self_.name() == "b" ? "c" : "a";
        const int below = co_await self_.find<Link>(next).ask<Chain>(patience, m.left - 1);
        co_return below + 1;
    }

private:
    actors::Context& self_;
};

TEST(AskingInCircles, TheQuestionThatClosesTheCircleEndsAtOnce) {
    for (const std::size_t threads : {1U, 3U}) {
        actors::System system(onThreads(threads));
        const auto a = system.spawn<Link>({.name = "a"});
        system.spawn<Link>({.name = "b"});
        system.spawn<Link>({.name = "c"});
        EXPECT_EQ(a.blocking().ask<Chain>(patience, 2), 2);  // ends at c
        const std::string text = textOf([&] { a.blocking().ask<Chain>(patience, 3); });
        EXPECT_NE(text.find("c -> a -> b -> c"), std::string::npos) << text;
        EXPECT_EQ(system.deadLetters().of(actors::Errc::Deadlock), 1U);
    }
}

class Narcissus {
public:
    explicit Narcissus(actors::Context& self) : self_(self) {}
    asio::awaitable<int> handle(Twice m) {
        auto [ec, value] =
            co_await self_.self<Narcissus>().ask<Twice>(patience, m.n)(asio::as_tuple(asio::use_awaitable));
        co_return ec == actors::Errc::Deadlock ? -1 : value;
    }

private:
    actors::Context& self_;
};

TEST(AskingInCircles, OneThatAsksItselfIsTold) {
    actors::System system(onThreads(1));
    EXPECT_EQ(system.spawn<Narcissus>().blocking().ask<Twice>(patience, 1), -1);
}

class Blocker {
public:
    explicit Blocker(actors::Ref<Calculator> other) : other_(std::move(other)) {}
    int handle(Twice m) { return other_.blocking().ask<Twice>(patience, m.n); }

private:
    actors::Ref<Calculator> other_;
};

TEST_F(Asking, ABlockingCallOnAThreadOfTheSystemIsRefused) {
    const auto blocker = system.spawn<Blocker>({}, calculator);
    const std::string text = textOf([&] { blocker.blocking().ask<Twice>(patience, 1); });
    EXPECT_NE(text.find("Deadlock"), std::string::npos) << text;
}

}  // namespace
}  // namespace tempeh::actors_test::asking

#include "actors/actors_fixture.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <vector>

namespace tempeh::actors_test::life {
namespace {

struct Note {
    std::string text;
};
struct Lines {
    using Reply = std::vector<std::string>;
};

class Notebook {
public:
    void handle(const Note& note) { lines_.push_back(note.text); }
    std::vector<std::string> handle(Lines) { return lines_; }
    void handle(Sync) {}

private:
    std::vector<std::string> lines_;
};

std::vector<std::string> linesOf(const actors::Ref<Notebook>& notebook) {
    return notebook.blocking().ask<Lines>(patience);
}

struct Hold {};
struct Crash {};
struct Quit {};

/// Says what happens to it.
class Subject {
public:
    Subject(actors::Context& self, actors::Ref<Notebook> notebook) : self_(self), notebook_(notebook) {
        notebook_.tell(Note{"made"});
    }
    ~Subject() { notebook_.tell(Note{"destroyed"}); }
    void handle(const Note& note) { notebook_.tell(Note{"got " + note.text}); }
    void handle(Crash) { throw std::runtime_error("crash"); }
    void handle(Quit) {
        self_.stop();
        notebook_.tell(Note{"still here"});
    }
    asio::awaitable<void> handle(Hold) {
        asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
        co_await timer.async_wait(asio::use_awaitable);
    }
    void handle(Sync) {}

private:
    actors::Context& self_;
    actors::Ref<Notebook> notebook_;
};

class Life : public ::testing::TestWithParam<std::size_t> {
protected:
    actors::System system{onThreads(GetParam())};
    actors::Ref<Notebook> notebook = system.spawn<Notebook>({.name = "notebook"});
};
INSTANTIATE_TEST_SUITE_P(On, Life, ::testing::Values(1, 2), ::testing::PrintToStringParamName());

class Watcher {
public:
    Watcher(actors::Context& self, actors::Ref<Notebook> notebook, actors::AnyRef<> watched)
        : notebook_(notebook) {
        self.watch(watched);
        self.watch(watched);
    }
    void handle(const actors::Down& down) {
        notebook_.tell(Note{down.ref.name() + " " + std::string(nameOf(down.reason)) +
                            (down.text.empty() ? "" : ": " + down.text)});
    }
    void handle(Sync) {}

private:
    actors::Ref<Notebook> notebook_;
};

TEST_P(Life, AWatcherIsToldOnceWhyAnActorEnded) {
    const auto stopped = system.spawn<Subject>({.name = "stopped"}, notebook);
    const auto failed = system.spawn<Subject>({.name = "failed"}, notebook);
    const auto first = system.spawn<Watcher>({}, notebook, stopped);
    const auto second = system.spawn<Watcher>({}, notebook, failed);
    sync(first);
    sync(second);
    sync(stopped);
    sync(failed);
    stopped.tell(Quit{});
    failed.tell(Crash{});
    while (linesOf(notebook).size() < 7)
        sync(first);
    std::vector<std::string> lines = linesOf(notebook);
    EXPECT_EQ(std::count(lines.begin(), lines.end(), "stopped Stopped"), 1);
    EXPECT_EQ(std::count(lines.begin(), lines.end(), "failed HandlerFailed: crash"), 1);
    const auto late = system.spawn<Watcher>({}, notebook, stopped);
    sync(late);
    lines = linesOf(notebook);
    while (linesOf(notebook).size() < 8)
        sync(late);
    EXPECT_EQ(linesOf(notebook).back(), "stopped NotFound");
}

TEST_P(Life, StoppingOneselfEndsAfterTheHandler) {
    const auto subject = system.spawn<Subject>({}, notebook);
    sync(subject);
    subject.tell(Quit{});
    while (linesOf(notebook).size() < 3) {
    }
    EXPECT_EQ(linesOf(notebook), (std::vector<std::string>{"made", "still here", "destroyed"}));
}

TEST_P(Life, EveryMessageHasOneOutcome) {
    const auto subject = system.spawn<Subject>({}, notebook);
    int taken = 0;
    for (int i = 0; i < 1000; ++i) {
        if (i == 500) taken += subject.tell(Quit{}) == actors::Errc::Success ? 1 : 0;
        taken += subject.tell(Note{std::to_string(i)}) == actors::Errc::Success ? 1 : 0;
    }
    const actors::StopReport report = system.stopBlocking(patience);
    EXPECT_TRUE(report.complete);
    const actors::DeadLetters dead = system.deadLetters();
    EXPECT_GE(dead.total, 500U);
    EXPECT_LE(static_cast<std::uint64_t>(1001 - taken), dead.total);
    EXPECT_NE(dead.last.back().message.find("Note"), std::string::npos);
}

TEST_P(Life, ASystemsStopIsBoundedAndCancelsHandlers) {
    const auto subject = system.spawn<Subject>({.name = "holder", .stopTimeout = 1ms}, notebook);
    sync(subject);
    subject.tell(Hold{});
    const actors::StopReport report = system.stopBlocking(patience);
    EXPECT_TRUE(report.complete);
    EXPECT_EQ(subject.tell(Crash{}), actors::Errc::ShuttingDown);
}

struct Block {};
class Stubborn {
public:
    Stubborn(Gate* entered, Gate* gate) : entered_(entered), gate_(gate) {}
    void handle(Block) {
        entered_->open();
        gate_->wait();
    }

private:
    Gate* entered_;
    Gate* gate_;
};

TEST_P(Life, AHandlerThatDoesNotReturnIsNamed) {
    Gate gate;
    Gate entered;
    const auto stubborn = system.spawn<Stubborn>({.name = "stubborn"}, &entered, &gate);
    stubborn.tell(Block{});
    entered.wait();
    const actors::StopReport report = system.stopBlocking(50ms);
    EXPECT_FALSE(report.complete);
    ASSERT_FALSE(report.stragglers.empty());
    const auto found = std::find_if(report.stragglers.begin(), report.stragglers.end(),
                                    [](const auto& late) { return late.name == "stubborn"; });
    ASSERT_NE(found, report.stragglers.end());
    EXPECT_NE(found->waitsFor.find("Block"), std::string::npos) << found->waitsFor;
    gate.open();
    EXPECT_TRUE(system.stopBlocking(patience).complete);
}

TEST_P(Life, NothingIsSpawnedInASystemThatStops) {
    EXPECT_TRUE(system.stopBlocking(patience).complete);
    EXPECT_EQ(errcOf([&] { system.spawn<Notebook>(); }), actors::Errc::ShuttingDown);
}

TEST_P(Life, ANameIsTakenWhileItsActorLives) {
    EXPECT_EQ(errcOf([&] { system.spawn<Notebook>({.name = "notebook"}); }), actors::Errc::Refused);
    EXPECT_EQ(system.find<Notebook>("notebook"), notebook);
    EXPECT_FALSE(system.find<Subject>("notebook"));  // of another class
    EXPECT_EQ(system.all<Notebook>().size(), 1U);
}

class Parent {
public:
    Parent(actors::Context& self, actors::Ref<Notebook> notebook) : self_(self), notebook_(notebook) {
        child_ = self_.spawn<Subject>({.name = "child"}, notebook_);  // from a constructor
        child_.tell(Note{"hello"});
        self_.self<Parent>().tell(Note{"to myself"});
    }
    ~Parent() { notebook_.tell(Note{"parent destroyed"}); }
    void handle(const Note& note) { notebook_.tell(Note{"parent got " + note.text}); }
    void handle(Quit) { self_.stop(); }
    void handle(Sync) {}

private:
    actors::Context& self_;
    actors::Ref<Notebook> notebook_;
    actors::Ref<Subject> child_;
};

TEST_P(Life, ChildrenEndBeforeTheirParent) {
    const auto parent = system.spawn<Parent>({}, notebook);
    sync(parent);
    sync(system.find<Subject>("child"));
    parent.tell(Quit{});
    while (linesOf(notebook).size() < 5) {
    }
    const std::vector<std::string> lines = linesOf(notebook);
    EXPECT_EQ(lines[lines.size() - 2], "destroyed");
    EXPECT_EQ(lines.back(), "parent destroyed");
}

TEST(LifeOfRefs, TheyOutliveTheirSystem) {
    actors::Ref<Notebook> notebook;
    {
        actors::System system(onThreads(1));
        notebook = system.spawn<Notebook>({.name = "n"});
    }
    EXPECT_EQ(notebook.tell(Note{"late"}), actors::Errc::ShuttingDown);
    EXPECT_EQ(notebook.name(), "n");
}

TEST(LifeOnTheCallersContext, ItMayBeStoppedAndRunAgain) {
    asio::io_context io;
    actors::System system(io.get_executor(), {.logger = silent()});
    const auto notebook = system.spawn<Notebook>();
    notebook.tell(Note{"one"});
    io.run();
    io.restart();
    notebook.tell(Note{"two"});
    auto lines = notebook.ask<Lines>(patience)(asio::use_future);
    io.run();
    EXPECT_EQ(lines.get(), (std::vector<std::string>{"one", "two"}));
}

TEST(LifeOnTheCallersContext, ItMayBeDestroyedFirst) {
    auto io = std::make_unique<asio::io_context>();
    actors::System system(io->get_executor(), {.logger = silent()});
    const auto notebook = system.spawn<Notebook>();
    const auto subject = system.spawn<Subject>({}, notebook);
    subject.tell(Hold{});
    io->run_for(1ms);
    auto answer = notebook.ask<Lines>(patience)(asio::use_future);
    io.reset();
    EXPECT_THROW(answer.get(), std::exception);
    EXPECT_NE(notebook.tell(Note{"late"}), actors::Errc::Success);
}

TEST(LifeOnTheCallersContext, TheSystemMayBeDestroyedWhileNobodyRunsIt) {
    asio::io_context io;
    std::atomic<int> destroyed{0};
    struct Counted {
        explicit Counted(std::atomic<int>* count) : count_(count) {}
        ~Counted() { ++*count_; }
        void handle(Quit) {}
        std::atomic<int>* count_;
    };
    {
        actors::System system(io.get_executor(), {.logger = silent()});
        system.spawn<Counted>({}, &destroyed);
        io.run();
        io.restart();
    }
    EXPECT_EQ(destroyed, 1);
    io.run();
}

TEST(LifeOfSystems, TwoDoNotKnowEachOther) {
    actors::System one(onThreads(1));
    actors::System two(onThreads(1));
    one.spawn<Notebook>({.name = "n"});
    EXPECT_FALSE(two.find<Notebook>("n"));
    two.spawn<Notebook>({.name = "n"});
    EXPECT_TRUE(one.stopBlocking(patience).complete);
    EXPECT_TRUE(two.find<Notebook>("n"));
}

}  // namespace
}  // namespace tempeh::actors_test::life

#include "actors/actors_fixture.hpp"

#include <boost/asio/use_future.hpp>

#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace tempeh::actors_test::supervision {
namespace {

/// What happened, in order, from several threads.
class Journal {
public:
    void add(std::string line) {
        const std::lock_guard lock(mutex_);
        lines_.push_back(std::move(line));
    }
    std::vector<std::string> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(lines_, {});
    }

private:
    std::mutex mutex_;
    std::vector<std::string> lines_;
};

struct Crash {
    using Reply = void;
};
struct Quit {};
struct Count {
    using Reply = int;
};
struct Tick {};

class Child {
public:
    Child(actors::Context& self, Journal* journal) : self_(self), journal_(journal) {
        journal_->add("+" + self.name());
        self_.subscribe<Tick>("ticks");
    }
    ~Child() { journal_->add("-" + self_.name()); }
    void handle(Crash) { throw std::runtime_error("crash"); }
    void handle(Quit) { self_.stop(); }
    int handle(Count) { return ++count_; }
    void handle(Tick) { ++count_; }

private:
    actors::Context& self_;
    Journal* journal_;
    int count_ = 0;
};

class Supervising : public ::testing::TestWithParam<std::size_t> {
protected:
    using Lines = std::vector<std::string>;

    actors::Supervisor start(actors::Strategy strategy, actors::Restart restart = actors::Restart::Permanent,
                             std::size_t intensity = 3) {
        const actors::ChildOptions options{.restart = restart};
        auto root = system.supervise({.name = "root", .strategy = strategy, .intensity = intensity},
                                     actors::child<Child>("a", options, &journal),
                                     actors::child<Child>("b", options, &journal),
                                     actors::child<Child>("c", options, &journal));
        wait(root);
        EXPECT_EQ(journal.take(), (Lines{"+a", "+b", "+c"}));
        return root;
    }
    actors::Ref<Child> child(const char* name) { return system.find<Child>(name); }
    void crash(const char* name) {
        EXPECT_EQ(errcOf([&] { child(name).blocking().ask<Crash>(patience); }), actors::Errc::HandlerFailed);
    }
    /// What happens until every one of them answers.
    Lines after(std::initializer_list<const char*> names) {
        for (const char* name : names)
            child(name).blocking().ask<Count>(patience);
        return journal.take();
    }
    /// Until it is gone.
    void untilGone(const char* name) {
        while (child(name))
            std::this_thread::yield();
    }

    Journal journal;
    actors::System system{onThreads(GetParam())};
};
INSTANTIATE_TEST_SUITE_P(On, Supervising, ::testing::Values(1, 3), ::testing::PrintToStringParamName());

TEST_P(Supervising, OneForOneRestartsTheOneThatFailed) {
    const auto root = start(actors::Strategy::OneForOne);
    crash("b");
    EXPECT_EQ(after({"b"}), (Lines{"-b", "+b"}));
}

TEST_P(Supervising, OneForAllRestartsAllInOrder) {
    const auto root = start(actors::Strategy::OneForAll);
    crash("b");
    EXPECT_EQ(after({"a", "b", "c"}), (Lines{"-c", "-b", "-a", "+a", "+b", "+c"}));
}

TEST_P(Supervising, RestForOneRestartsThoseStartedAfterIt) {
    const auto root = start(actors::Strategy::RestForOne);
    crash("b");
    EXPECT_EQ(after({"b", "c"}), (Lines{"-c", "-b", "+b", "+c"}));
}

TEST_P(Supervising, ARestartKeepsMailboxAndRefAndDropsTheMessageThatFailed) {
    const auto root = start(actors::Strategy::OneForOne);
    const auto b = child("b");
    EXPECT_EQ(b.blocking().ask<Count>(patience), 1);
    b.tell(Crash{});
    auto first = b.ask<Count>(patience)(asio::use_future);
    auto second = b.ask<Count>(patience)(asio::use_future);
    EXPECT_EQ(first.get(), 1);  // of the new instance
    EXPECT_EQ(second.get(), 2);
    EXPECT_EQ(child("b"), b);
    EXPECT_EQ(system.deadLetters().of(actors::Errc::HandlerFailed), 1U);
    EXPECT_EQ(system.deadLetters().total, 1U);
}

TEST_P(Supervising, TheNewInstanceHasTheSubscriptionsOfItsConstructor) {
    const auto root = start(actors::Strategy::OneForOne);
    crash("a");
    after({"a"});
    EXPECT_EQ(system.topic<Tick>("ticks").subscribers(), 3U);
    EXPECT_EQ(system.topic<Tick>("ticks").publish({}).delivered, 3U);
}

TEST_P(Supervising, OverTheIntensityAllStopInReverseOrder) {
    const auto root = start(actors::Strategy::OneForOne, actors::Restart::Permanent, 2);
    crash("a");
    after({"a"});
    crash("b");
    after({"b"});
    crash("a");
    untilGone("a");
    untilGone("b");
    untilGone("c");
    EXPECT_EQ(journal.take(), (Lines{"-c", "-b", "-a"}));
    EXPECT_EQ(errcOf([&] { root.started(patience)(asio::use_future).get(); }), actors::Errc::HandlerFailed);
}

TEST_P(Supervising, APermanentChildComesBackWhenItStops) {
    const auto root = start(actors::Strategy::OneForOne, actors::Restart::Permanent);
    child("a").tell(Quit{});
    EXPECT_EQ(after({"a"}), (Lines{"-a", "+a"}));
}

TEST_P(Supervising, ATransientOneOnlyWhenItFails) {
    const auto root = start(actors::Strategy::OneForOne, actors::Restart::Transient);
    crash("a");
    EXPECT_EQ(after({"a"}), (Lines{"-a", "+a"}));
    child("a").tell(Quit{});
    untilGone("a");
    EXPECT_EQ(journal.take(), (Lines{"-a"}));
    EXPECT_EQ(after({"b", "c"}), Lines{});
}

TEST_P(Supervising, ATemporaryOneNever) {
    const auto root = start(actors::Strategy::OneForOne, actors::Restart::Temporary);
    crash("a");
    untilGone("a");
    EXPECT_EQ(journal.take(), (Lines{"-a"}));
}

TEST_P(Supervising, StoppingASupervisorStopsItsChildrenInReverse) {
    const auto root = start(actors::Strategy::OneForOne);
    root.stop();
    untilGone("a");
    EXPECT_EQ(journal.take(), (Lines{"-c", "-b", "-a"}));
}

TEST_P(Supervising, SupervisorsNestAndAGivenUpOneIsRestartedByItsOwn) {
    auto root = system.supervise(
        {.name = "top", .intensity = 1},
        actors::supervisor({.name = "inner", .intensity = 0}, actors::child<Child>("a", &journal),
                           actors::child<Child>("b", &journal)),
        actors::child<Child>("c", &journal));
    wait(root);
    EXPECT_EQ(journal.take(), (Lines{"+a", "+b", "+c"}));
    crash("a");
    EXPECT_EQ(after({"a", "b"}), (Lines{"-b", "-a", "+a", "+b"}));
    crash("a");
    untilGone("c");
    untilGone("a");
    EXPECT_EQ(journal.take(), (Lines{"-b", "-a", "-c"}));
}

class Unlucky {
public:
    explicit Unlucky(int* attempts) {
        if (++*attempts < 3) throw std::runtime_error("not yet");
    }
    int handle(Count) { return 0; }
};

TEST_P(Supervising, AConstructorThatThrowsIsAFailure) {
    int attempts = 0;
    wait(system.supervise({.name = "patient"}, actors::child<Unlucky>("unlucky", &attempts)));
    EXPECT_EQ(attempts, 3);
    attempts = -10;
    const auto impatient = system.supervise({.intensity = 1}, actors::child<Unlucky>("other", &attempts));
    const std::string text = textOf([&] { wait(impatient); });
    EXPECT_NE(text.find("not yet"), std::string::npos) << text;
}

TEST_P(Supervising, ATakenNameIsRefusedAndNothingIsLeftBehind) {
    const auto root = start(actors::Strategy::OneForOne);
    EXPECT_EQ(errcOf([&] {
                  system.supervise({.name = "second"}, actors::child<Child>("d", &journal),
                                   actors::child<Child>("a", &journal));
              }),
              actors::Errc::Refused);
    EXPECT_FALSE(child("d"));
    wait(system.supervise({.name = "second"}, actors::child<Child>("d", &journal)));
}

TEST_P(Supervising, ABackoffWaitsBeforeTheRestart) {
    wait(system.supervise({.name = "slow"}, actors::child<Child>("a", {.backoff = {.min = 20ms}}, &journal)));
    const auto before = std::chrono::steady_clock::now();
    crash("a");
    after({"a"});
    EXPECT_GE(std::chrono::steady_clock::now() - before, 20ms);
}

struct Job {
    int key;
    using Reply = std::string;
    int routingKey() const { return key; }
};
class Member {
public:
    explicit Member(actors::Context& self) : self_(self) {}
    std::string handle(Job job) {
        if (job.key < 0) throw std::runtime_error("bad job");
        return self_.name();
    }

private:
    actors::Context& self_;
};

TEST_P(Supervising, APoolSharesItsMessagesByItsRouting) {
    using actors::Routing;
    for (const Routing routing :
         {Routing::RoundRobin, Routing::LeastLoaded, Routing::Random, Routing::ByKey}) {
        actors::System own(onThreads(GetParam()));
        wait(own.supervise({.name = "root"}, actors::pool<Member>("pool", 3, routing)));
        const auto pool = own.find<Member>("pool");
        ASSERT_TRUE(pool);
        std::vector<std::string> names;
        for (int i = 0; i < 30; ++i)
            names.push_back(pool.blocking().ask<Job>(patience, i % 3));
        if (routing == Routing::ByKey) {
            for (std::size_t i = 3; i < names.size(); ++i)
                EXPECT_EQ(names[i], names[i - 3]);
        }
        if (routing == Routing::RoundRobin) {
            EXPECT_NE(names[0], names[1]);
            EXPECT_EQ(names[0], names[3]);
        }
        EXPECT_EQ(errcOf([&] { pool.blocking().ask<Job>(patience, -1); }), actors::Errc::HandlerFailed);
        for (int i = 0; i < 9; ++i)
            EXPECT_FALSE(pool.blocking().ask<Job>(patience, i).empty());
    }
}

TEST_P(Supervising, ABroadcastReachesEveryMember) {
    wait(system.supervise({.name = "root"},
                          actors::pool<Child>("all", 3, actors::Routing::Broadcast, &journal)));
    EXPECT_EQ(system.find<Child>("all").tell(Tick{}), actors::Errc::Success);
    for (const char* name : {"all-0", "all-1", "all-2"})
        EXPECT_EQ(child(name).blocking().ask<Count>(patience), 2);
}

}  // namespace
}  // namespace tempeh::actors_test::supervision

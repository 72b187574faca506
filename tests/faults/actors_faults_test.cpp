// Every allocation of spawn, tell, ask, restart and stop fails in its turn.

#include "faults/campaign.hpp"

#include <tempeh/actors.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>

namespace tempeh::faults::of_actors {
namespace {

using namespace std::chrono_literals;

constexpr Kind everyAllocation[] = {Kind::Allocation};
constexpr Duration answerTime = 2s;  // a lost answer costs no more

struct Add {
    int n;
    using Reply = int;
};
struct Fail {};
struct Forward {
    int n;
    using Reply = int;
};
struct Note {
    std::string text;
};

/// What was begun, and how it ended, which is told on a thread of its own: it ends with this, and has by then
/// let go of everything. Nothing fails there: Asio's pool would end the process. Any thread.
class Outcomes {
public:
    Outcomes() {
        asio::post(thread_, asio::use_future([] { static thread_local const Spared all; })).wait();
    }

    template <typename Operation>
    void start(Operation operation) {
        ++begun_;
        operation(asio::bind_executor(thread_, [this](error_code ec, auto&&...) {
            onEnd(ec == make_error_code(actors::Errc::Timeout));
        }));
    }
    /// For what takes an exception_ptr.
    template <typename Operation>
    void startThrowing(Operation operation) {
        ++begun_;
        operation(
            asio::bind_executor(thread_, [this](const std::exception_ptr&, auto&&...) { onEnd(false); }));
    }
    /// Empty when everything has ended.
    std::string wait() {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, answerTime + 1s, [this] { return ended_ == begun_; }))
            return std::to_string(ended_) + " of " + std::to_string(begun_) + " ended; ";
        return timedOut_ == 0 ? "" : "an answer was lost; ";
    }

private:
    void onEnd(bool isTimeout) {
        const std::lock_guard lock(mutex_);
        ++ended_;
        timedOut_ += isTimeout ? 1 : 0;
        changed_.notify_one();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    asio::thread_pool thread_{1};
    int begun_ = 0;  // by the test's thread
    int ended_ = 0;
    int timedOut_ = 0;
};

class Adder {
public:
    explicit Adder(actors::Context& self) { self.subscribe<Note>("notes"); }
    int handle(Add m) { return total_ += m.n; }
    void handle(Fail) {
        throw std::runtime_error("told to, with a text that is too long for the string itself");
    }
    void handle(const Note& note) { last_ = note.text; }

private:
    int total_ = 0;
    std::string last_;
};

class Asker {
public:
    Asker(actors::Context& self, actors::Ref<Adder> adder) : self_(self), adder_(std::move(adder)) {
        self.watch(adder_);
        self.after(1ms, Note{"a text that is too long for the string itself, by some characters"});
    }
    asio::awaitable<int> handle(Forward m) {
        const int sum = co_await adder_.ask<Add>(answerTime, m.n);
        co_return sum;
    }
    asio::awaitable<void> handle(Note) {
        asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
        co_await timer.async_wait(asio::use_awaitable);
    }
    void handle(const actors::Down&) { self_.stop(); }

private:
    actors::Context& self_;
    actors::Ref<Adder> adder_;
};

std::shared_ptr<spdlog::logger> quiet() {
    return std::make_shared<spdlog::logger>("quiet", std::make_shared<spdlog::sinks::null_sink_mt>());
}

/// A system on a thread of its own: `act` is what a program does with it, while calls fail. Whatever it
/// throws is fine, if everything that was begun ends, the system stops, and nothing is left of it.
class Scene {
public:
    using Act = void (*)(actors::System& system, Outcomes& outcomes);

    explicit Scene(Act act) : act_(act) {}

    std::string run() {
        const std::int64_t before = liveBlocks();
        std::string wrong = live();
        if (liveBlocks() != before)
            wrong += "left behind: " + std::to_string(liveBlocks() - before) + " blocks";
        return wrong;
    }

    std::string live() {
        Outcomes outcomes;
        std::optional<actors::System> system;
        attempt([&] { system.emplace(actors::SystemOptions{.logger = quiet()}); });
        if (!system) return {};
        attempt([&] { act_(*system, outcomes); });
        std::string wrong = outcomes.wait();
        attempt([&] { outcomes.startThrowing(system->stop(5s)); });
        wrong += outcomes.wait();
        const bool hasFired = disarm();
        if (!system->stopBlocking(5s).complete) wrong += "the stop is not complete; ";
        if (hasFired) markFired();
        return wrong;
    }

private:
    template <typename Call>
    static void attempt(Call call) {
        try {
            const Exposed exposed;
            call();
        } catch (const std::exception&) {
            return;
        }
    }

    Act act_;
};

void endure(const std::string& name, Scene::Act act) {
    const Spared spared;
    Scene scene(act);
    static_cast<void>(scene.live());  // everything is made that stays
    EXPECT_EQ(scene.run(), "");
    const Tally tally = campaign(name, everyAllocation, [&] { return scene.run(); });
    EXPECT_EQ(tally.wrong, "");
    EXPECT_GT(tally.injected, 0U);
    std::printf("%s: %llu faults\n", name.c_str(), static_cast<unsigned long long>(tally.injected));
}

TEST(ActorFaults, SpawnTellAsk) {
    endure("spawn, tell, ask", [](actors::System& system, Outcomes& outcomes) {
        const auto adder = system.spawn<Adder>({.name = "an adder with a name that needs memory"});
        adder.tell(Add{1});
        outcomes.start(adder.ask<Add>(answerTime, 2));
        adder.tell(Note{"a text that is too long for the string itself, by some characters"});
        outcomes.start(adder.send<Add>(3));
        system.topic<Note>("notes").publish({"another text that is too long for the string itself"});
        outcomes.start(adder.ask<Add>(answerTime, 4));
    });
}

TEST(ActorFaults, CoroutinesAndWatches) {
    endure("coroutines", [](actors::System& system, Outcomes& outcomes) {
        const auto adder = system.spawn<Adder>();
        const auto asker = system.spawn<Asker>({}, adder);
        outcomes.start(asker.ask<Forward>(answerTime, 2));
        outcomes.start(asker.ask<Forward>(answerTime, 3));
        adder.tell(Fail{});
        outcomes.start(asker.ask<Forward>(answerTime, 4));
    });
}

TEST(ActorFaults, Restarts) {
    endure("restarts", [](actors::System& system, Outcomes& outcomes) {
        const actors::Supervisor root =
            system.supervise({.name = "root", .strategy = actors::Strategy::OneForAll, .intensity = 2},
                             actors::child<Adder>("a child with a name that needs memory"),
                             actors::pool<Adder>("pool", 2, actors::Routing::RoundRobin));
        outcomes.start(root.started(answerTime));
        const auto child = system.find<Adder>("a child with a name that needs memory");
        outcomes.start(child.ask<Add>(answerTime, 1));
        child.tell(Fail{});
        outcomes.start(child.ask<Add>(answerTime, 2));
        outcomes.start(system.find<Adder>("pool").ask<Add>(answerTime, 3));
        child.tell(Fail{});
        child.tell(Fail{});
        outcomes.start(child.ask<Add>(answerTime, 4));
    });
}

TEST(ActorFaults, StoppedAtWork) {
    endure("stopped at work", [](actors::System& system, Outcomes& outcomes) {
        const auto adder = system.spawn<Adder>();
        const auto asker = system.spawn<Asker>({.stopTimeout = 1ms}, adder);
        for (int i = 0; i < 3; ++i) {
            asker.tell(Note{"a text that is too long for the string itself, by some characters"});
            outcomes.start(asker.ask<Forward>(answerTime, i));
        }
        outcomes.startThrowing(system.stop(1s));
        outcomes.start(adder.ask<Add>(answerTime, 1));
    });
}

}  // namespace
}  // namespace tempeh::faults::of_actors

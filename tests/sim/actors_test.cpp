#include "support/scale.hpp"

#include <tempeh/actors.hpp>
#include <tempeh/testing.hpp>

#include <boost/asio/as_tuple.hpp>
#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

/// Whole actor systems in virtual time, under seeds: what is true of every message, question and watch,
/// whatever fails.
namespace tempeh::testing::simulated_actors {
namespace {

using namespace std::chrono_literals;

/// What the actors of one run do to each other, and what comes of it.
struct World {
    explicit World(std::uint64_t seed) : random(seed) {}
    std::uint64_t below(std::uint64_t limit) { return random() % limit; }

    std::mt19937_64 random;
    std::map<std::string, std::uint64_t> lastSeen;  // by sender and receiver: the order between them
    std::uint64_t sent = 0;
    std::uint64_t handled = 0;
    std::uint64_t failed = 0;
    std::uint64_t asked = 0;
    std::uint64_t answered = 0;
    std::uint64_t watches = 0;
    std::uint64_t downs = 0;
    std::uint64_t ended = 0;  // of the watched, before the system's stop
    bool isStopping = false;
    std::set<const void*> alive;
    const char* wrong = nullptr;  // what an actor noticed
};

struct Poke {
    std::string from;
    std::uint64_t number;
};
struct Question {
    int depth;
    using Reply = int;
};
struct Wake {};

class Busy {
public:
    Busy(actors::Context& self, World* world, std::size_t others)
        : self_(self), world_(world), others_(others) {
        if (world_->below(20) == 0) throw std::runtime_error("not today");
        self_.every(1ms * static_cast<int>(1 + world_->below(50)), Wake{});
        world_->alive.insert(this);
    }
    ~Busy() {
        world_->alive.erase(this);
        if (isWatched() && !world_->isStopping) ++world_->ended;
    }
    void handle(const Poke& poke) {
        std::uint64_t& last = world_->lastSeen[poke.from + ">" + self_.name()];
        if (last >= poke.number) world_->wrong = "messages of one sender overtook each other";
        last = poke.number;
        if (world_->below(30) == 0) {
            ++world_->failed;
            throw std::runtime_error("crash");
        }
        ++world_->handled;
    }
    asio::awaitable<int> handle(Question question) {
        if (world_->below(25) == 0) throw std::runtime_error("crash");
        if (world_->below(10) == 0) throw actors::Refusal("no");
        if (question.depth == 0) co_return 1;
        const auto other = self_.find<Busy>("busy" + std::to_string(world_->below(others_)));
        World& world = *world_;
        ++world.asked;
        auto [ec, value] =
            co_await other.ask<Question>(1ms * static_cast<int>(world_->below(20)),
                                         question.depth - 1)(asio::as_tuple(asio::use_awaitable));
        checkAlive(world, this);
        ++world.answered;
        co_return ec ? 0 : value + 1;
    }
    asio::awaitable<void> handle(Wake) {
        const std::string name = "busy" + std::to_string(world_->below(others_));
        const auto other = self_.find<Busy>(name);
        const std::uint64_t count = world_->below(4);
        for (std::uint64_t i = 0; i < count && other; ++i) {
            ++world_->sent;
            other.tell(Poke{self_.name(), world_->sent});
        }
        if (world_->below(50) == 0) self_.stop();
        if (world_->below(3) != 0) co_return;
        ++world_->asked;
        World& world = *world_;
        co_await other.ask<Question>(5ms, 3)(asio::as_tuple(asio::use_awaitable));
        checkAlive(world, this);
        ++world.answered;
    }

private:
    static void checkAlive(World& world, const Busy* self) {
        if (!world.alive.contains(self)) world.wrong = "a handler went on after its actor's end";
    }
    bool isWatched() const { return self_.name() == "busy4" || self_.name() == "busy5"; }

    actors::Context& self_;
    World* world_;
    std::size_t others_;
};

class Mourner {
public:
    Mourner(actors::Context& self, World* world, std::vector<actors::Ref<Busy>> watched) : world_(world) {
        for (const auto& one : watched) {
            self.watch(one);
            self.watch(one);
            ++world_->watches;
        }
    }
    void handle(const actors::Down& down) {
        ++world_->downs;
        if (down.reason == actors::Errc::Success) world_->wrong = "an end without a reason";
    }

private:
    World* world_;
};

constexpr std::size_t count = 6;

asio::awaitable<void> live(SimulatedNetwork& network, actors::System& system, World& world, bool& isOver) {
    const auto strategy = static_cast<actors::Strategy>(world.below(3));
    const actors::ChildOptions small{.mailbox = {.capacity = 1 + world.below(8)}};
    system.supervise(
        {.name = "root", .strategy = strategy, .intensity = 20, .period = 1s},
        actors::child<Busy>("busy0", small, &world, count), actors::child<Busy>("busy1", &world, count),
        actors::child<Busy>("busy2", small, &world, count), actors::child<Busy>("busy3", &world, count));
    std::vector<actors::Ref<Busy>> others;
    for (const char* name : {"busy4", "busy5"})
        others.push_back(system.spawn<Busy>({.name = name, .stopTimeout = 10ms}, &world, count));
    system.spawn<Mourner>({.name = "mourner"}, &world, others);
    co_await network.sleep(400ms);
    world.isStopping = true;
    const actors::StopReport report = co_await system.stop(1s);
    require(report.complete && report.stragglers.empty(), "something was left at the end");
    isOver = true;
}

void checkOneRun(SimulatedNetwork& network) {
    World world(network.seed());
    Ampe& engine = network.createEngine("host");
    actors::System system(engine, {.deadLetters = 100'000,
                                   .logger = std::make_shared<spdlog::logger>(
                                       "silent", std::make_shared<spdlog::sinks::null_sink_mt>())});
    bool isOver = false;
    network.spawn("host", live(network, system, world, isOver));
    network.run();
    require(world.wrong == nullptr, world.wrong);
    require(isOver, "the run did not come to its end");
    require(world.asked == world.answered, "a question did not end exactly once");
    require(world.downs <= world.watches, "a watcher was told twice");
    require(world.downs >= world.ended, "a watcher was not told");
    const actors::DeadLetters dead = system.deadLetters();
    require(dead.last.size() == dead.total, "more dead letters than the test keeps");
    const auto deadPokes = static_cast<std::uint64_t>(std::count_if(
        dead.last.begin(), dead.last.end(),
        [](const actors::DeadLetter& letter) { return letter.message.find("Poke") != std::string::npos; }));
    require(world.handled + deadPokes >= world.sent, "a message disappeared");
    require(world.handled + deadPokes <= world.sent, "a message had two outcomes");
    network.note("handled " + std::to_string(world.handled) + " dead " + std::to_string(dead.total));
}

TEST(SimulatedActors, KeepTheirPromisesUnderSeeds) {
    const std::uint64_t seeds = test::fromEnvironment("TEMPEH_SIM_SEEDS", test::scaled(50));
    EXPECT_TRUE(forEachSeed(seeds, {}, checkOneRun));
}

TEST(SimulatedActors, RunAgainFromTheirSeed) {
    const auto hashOf = [](std::uint64_t seed) {
        SimulationOptions options;
        options.seed = seed;
        SimulatedNetwork network(options);
        checkOneRun(network);
        return network.traceHash();
    };
    EXPECT_EQ(hashOf(7), hashOf(7));
    EXPECT_NE(hashOf(7), hashOf(8));
}

}  // namespace
}  // namespace tempeh::testing::simulated_actors

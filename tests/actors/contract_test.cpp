#include <tempeh/actors.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace tempeh::actors_test::contract {
namespace {

using namespace std::chrono_literals;

struct Add {
    int n;
    using Reply = int;
};
struct Log {
    std::string text;
    using Reply = void;
};
struct Tick {};

class Audit {
public:
    explicit Audit(std::vector<std::string>* lines) : lines_(lines) {}
    void handle(const Log& log) { lines_->push_back(log.text); }

private:
    std::vector<std::string>* lines_;
};

class Counter {
public:
    Counter(actors::Context& self, int start) : self_(self), total_(start) { self.subscribe<Tick>("ticks"); }
    int handle(Add m) { return total_ += m.n; }
    asio::awaitable<void> handle(Tick) {
        co_await self_.find<Audit>("audit").ask<Log>(1s, "total " + std::to_string(total_));
    }
    void handle(const actors::Down&) { self_.stop(); }

private:
    actors::Context& self_;
    int total_;
};

class Worker {
public:
    int handle(Add m) { return m.n + 1; }
};

asio::awaitable<actors::StopReport> run(actors::System& system, std::vector<std::string>* lines) {
    actors::Supervisor root = system.supervise(
        {.name = "root", .strategy = actors::Strategy::RestForOne, .intensity = 3, .period = 60s},
        actors::child<Audit>("audit", lines),
        actors::child<Counter>("counter", {.mailbox = {.capacity = 10'000, .onFull = actors::OnFull::Refuse}},
                               0),
        actors::pool<Worker>("workers", 4, actors::Routing::LeastLoaded));
    co_await root.started(10s);
    actors::Ref<Counter> counter = system.find<Counter>("counter");
    EXPECT_EQ(counter.tell(Add{1}), actors::Errc::Success);
    const int total = co_await counter.ask<Add>(10s, 2);
    EXPECT_EQ(total, 3);
    const actors::Published out = system.topic<Tick>("ticks").publish({});
    EXPECT_EQ(out.delivered, 1U);
    EXPECT_EQ(out.refused, 0U);
    const int plusOne = co_await system.find<Worker>("workers").ask<Add>(10s, 41);
    EXPECT_EQ(plusOne, 42);
    const int same = co_await counter.ask<Add>(10s, 0);  // behind the tick
    EXPECT_EQ(same, 3);
    co_return co_await system.stop(10s);
}

void expectDone(const actors::StopReport& report, const std::vector<std::string>& lines) {
    EXPECT_TRUE(report.complete);
    for (const actors::Straggler& late : report.stragglers)
        ADD_FAILURE() << late.name << ": " << late.waitsFor;
    EXPECT_EQ(lines, std::vector<std::string>{"total 3"});
}

TEST(ActorsContract, TheProgramRunsOnThreads) {
    for (const std::size_t threads : {1U, 2U, 4U}) {
        std::vector<std::string> lines;
        asio::io_context io;
        actors::System system(actors::SystemOptions{.threads = threads});
        auto report = asio::co_spawn(io, run(system, &lines), asio::use_future);
        io.run();
        expectDone(report.get(), lines);
    }
}

TEST(ActorsContract, TheProgramRunsOnTheCallersContext) {
    std::vector<std::string> lines;
    asio::io_context io;
    actors::System system(io.get_executor());
    auto report = asio::co_spawn(io, run(system, &lines), asio::use_future);
    io.run();
    expectDone(report.get(), lines);
}

}  // namespace
}  // namespace tempeh::actors_test::contract

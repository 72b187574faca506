// Shows: actors under 1,000 seeds of the simulator, in virtual time: 2 hours of each pass in a moment.
// Use it when: what your actors promise should hold however their messages, timers and failures fall.
// Prints: what the seeds found in a careless meter, and what they found in a careful one.

#include <tempeh/actors.hpp>
#include <tempeh/testing.hpp>

#include <boost/asio/awaitable.hpp>
#include <fmt/core.h>
#include <spdlog/logger.h>

#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>

namespace actors = tempeh::actors;
namespace asio = boost::asio;
using namespace std::chrono_literals;
using tempeh::testing::SimulatedNetwork;

// What survives a meter: the readings that were written down.
struct Book {
    int written = 0;
};
struct Look {};
struct Readings {
    using Reply = int;
};

// Reads once a minute. Now and then the instrument fails, and with it this actor, which is restarted.
class Meter {
public:
    Meter(actors::Context& self, Book& book, std::mt19937_64& luck, bool isCareful)
        : book_(book), luck_(luck), isCareful_(isCareful) {
        self.every(1min, Look{});
        if (isCareful_) readings_ = book_.written;  // goes on where the one before it was
    }
    void handle(Look) {
        if (luck_() % 50 == 0) throw std::runtime_error("the instrument failed");
        ++readings_;
        ++book_.written;
    }
    int handle(Readings) const { return readings_; }

private:
    Book& book_;
    std::mt19937_64& luck_;
    bool isCareful_;
    int readings_ = 0;  // gone when it restarts
};

asio::awaitable<void> watchForTwoHours(SimulatedNetwork& network, actors::System& system, bool& isOver,
                                       int& told) {
    co_await network.sleep(2h + 30s);  // not at the moment of a reading
    told = co_await system.find<Meter>("meter").ask<Readings>(1min);
    co_await system.stop(1min);
    isOver = true;
}

// Failures are part of the test: not in the log.
std::shared_ptr<spdlog::logger> quiet() {
    return std::make_shared<spdlog::logger>("home");
}

// One seed: some failures at some times, and what must be true afterwards.
void watch(SimulatedNetwork& network, bool isCareful) {
    std::mt19937_64 luck(network.seed());
    Book book;
    actors::System system(network.createEngine("home"), {.logger = quiet()});
    system.supervise({.name = "root", .intensity = 100},
                     actors::child<Meter>("meter", std::ref(book), std::ref(luck), isCareful));
    bool isOver = false;
    int told = 0;
    network.spawn(watchForTwoHours(network, system, isOver, told));
    tempeh::testing::require(network.runUntil([&] { return isOver; }, 24h), "it does not end");
    tempeh::testing::require(told == book.written, "it tells less than it wrote down");
}

bool holds(bool isCareful) {
    std::ostringstream report;
    return tempeh::testing::forEachSeed(
        1000, {.seed = 1}, [isCareful](SimulatedNetwork& network) { watch(network, isCareful); }, report);
}

int main() {
    fmt::print("careless: {}\n", holds(false) ? "1000 seeds hold" : "does not hold");
    fmt::print("careful: {}\n", holds(true) ? "1000 seeds hold" : "does not hold");
}

// A whole application of actors: a shop floor with a till that jams and boxes that tear. First a day of it,
// then a thousand days in the simulator, each with other failures, and the books of each are checked.

#include "shop.hpp"

#include <tempeh/testing.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/core.h>
#include <spdlog/logger.h>

#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <string>

namespace actors = tempeh::actors;
namespace asio = boost::asio;
using namespace std::chrono_literals;
using tempeh::testing::SimulatedNetwork;

const std::map<std::string, int> fullShelf{{"teapot", 40}, {"cup", 30}, {"kettle", 5}};
constexpr int ordersOfADay = 60;

shop::Order nextOrder(int number, std::mt19937_64& luck) {
    const auto item = std::next(fullShelf.begin(), static_cast<int>(luck() % fullShelf.size()));
    return {.number = number, .item = item->first, .cents = 1000};
}

// Orders so many things, one after the other.
asio::awaitable<void> customer(actors::Ref<shop::Desk> desk, int first, int last, std::mt19937_64& luck,
                               std::map<std::string, int>& outcomes) {
    for (int number = first; number <= last; ++number) {
        const shop::Order order = nextOrder(number, luck);
        const std::string outcome =
            co_await desk.ask<shop::Order>(1min, order.number, order.item, order.cents);
        ++outcomes[outcome];
    }
}

// Opens, lets three customers in, and closes when they have gone.
asio::awaitable<void> haveADay(actors::System& system, shop::World& world, std::mt19937_64& luck,
                               std::map<std::string, int>& outcomes) {
    const actors::Supervisor floor = shop::open(system, world);
    co_await floor.started(10s);
    const actors::Ref<shop::Desk> desk = system.find<shop::Desk>("desk");
    using namespace asio::experimental::awaitable_operators;
    co_await (customer(desk, 1, 20, luck, outcomes) && customer(desk, 21, 40, luck, outcomes) &&
              customer(desk, 41, ordersOfADay, luck, outcomes));
    co_await system.stop(10s);  // the batcher hands on what it has
}

// Failures are part of the play: not in the log.
std::shared_ptr<spdlog::logger> quiet() {
    return std::make_shared<spdlog::logger>("shop");
}

shop::World worldOf(std::mt19937_64& luck) {
    shop::World world;
    world.shelf = fullShelf;
    world.jams = [&luck] { return luck() % 10 == 0; };
    world.tears = [&luck] { return luck() % 3 == 0; };
    return world;
}

void runOneDay() {
    asio::io_context context;
    actors::System system(context.get_executor(), {.logger = quiet()});
    std::mt19937_64 luck(7);
    shop::World world = worldOf(luck);
    std::map<std::string, int> outcomes;
    asio::co_spawn(context, haveADay(system, world, luck, outcomes), asio::detached);
    context.run();
    shop::checkBooks(world, ordersOfADay, fullShelf);
    int orders = 0;
    for (const auto& [outcome, times] : outcomes)
        orders += times;
    fmt::print("{} orders came to an end, and the books are right\n", orders);
}

void runSimulatedDay(SimulatedNetwork& network) {
    actors::System system(network.createEngine("shop"), {.logger = quiet()});
    std::mt19937_64 luck(network.seed());
    shop::World world = worldOf(luck);
    std::map<std::string, int> outcomes;
    network.spawn(haveADay(system, world, luck, outcomes));
    network.run();
    shop::checkBooks(world, ordersOfADay, fullShelf);
}

int main() {
    runOneDay();
    if (tempeh::testing::forEachSeed(1000, {.seed = 1}, runSimulatedDay))
        fmt::print("so they are on 1000 other days\n");
}

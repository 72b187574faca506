// Shows: what actors have done and what they do now, as data, as text and as JSON.
// Use it when: an operator asks why it is slow, or a monitor collects figures.
// Prints: the tree of actors, some counters, and what a busy actor waits for.

#include <tempeh/actors.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/core.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace actors = tempeh::actors;
namespace asio = boost::asio;
using namespace std::chrono_literals;

struct Order {
    int pieces;
    using Reply = void;
};
struct Empty {
    using Reply = int;
};

class Store {
public:
    explicit Store(actors::Context&) {}
    void handle(Order order) {
        if (order.pieces > left_) throw actors::Refusal("not so many left");
        left_ -= order.pieces;
    }
    // Answers when the store is empty, which is never.
    void handle(Empty, actors::Responder<int> whoAsks) { waiting_ = std::move(whoAsks); }

    std::string describe() const { return fmt::format("{} pieces left", left_); }  // for the inspector

private:
    int left_ = 10;
    actors::Responder<int> waiting_;
};

struct Begin {};

class Clerk {
public:
    explicit Clerk(actors::Context& self) : self_(self) {}
    asio::awaitable<void> handle(Begin) { co_await self_.find<Store>("store").ask<Empty>(1h); }

private:
    actors::Context& self_;
};

asio::awaitable<void> run(actors::System& system) {
    const actors::Supervisor shop =
        system.supervise({.name = "shop"}, actors::child<Store>("store"), actors::child<Clerk>("clerk"));
    co_await shop.started(10s);
    const actors::Ref<Store> store = system.find<Store>("store");
    for (int order = 1; order <= 3; ++order)
        co_await store.ask<Order>(10s, order);
    system.find<Clerk>("clerk").tell(Begin{});
    co_await store.ask<Order>(10s, 0);  // by now the clerk waits

    const std::vector<actors::ActorView> tree = system.inspect();
    for (const actors::ActorView& actor : tree.front().children) {
        const bool waits = actor.doing.find("the answer of store") != std::string::npos;
        fmt::print("{}: {}{}\n", actor.name, actor.description, waits ? "waits for the store" : "");
    }
    const actors::SystemStats stats = system.stats();
    for (const actors::ActorStats& actor : stats.actors)
        fmt::print("{} has handled {}\n", actor.name, actor.handled);
    const std::string json = actors::toJson(stats);  // for a monitor; toText() for people
    fmt::print("{} ...\n", json.substr(0, 27));
    co_await system.stop(10s);
}

int main() {
    asio::io_context context;
    actors::System system(context.get_executor());
    asio::co_spawn(context, run(system), asio::detached);
    context.run();
}

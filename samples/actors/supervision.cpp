// Shows: a tree of actors in which one fails, is restarted, and at last takes its supervisor with it.
// Use it when: a part of the program may break, and the rest should not notice.
// Prints: what is started, what fails, and who hears of the end.

#include <tempeh/actors.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/core.h>

#include <chrono>
#include <stdexcept>
#include <string>

namespace actors = tempeh::actors;
namespace asio = boost::asio;
using namespace std::chrono_literals;

struct Set {
    std::string value;
    using Reply = void;
};
struct Get {
    using Reply = std::string;
};
struct Damage {
    using Reply = void;
};

class Cache {
public:
    explicit Cache(actors::Context& self) { fmt::print("{} starts\n", self.name()); }
    void handle(Set set) { value_ = std::move(set.value); }
    std::string handle(Get) { return value_.empty() ? "nothing" : value_; }
    void handle(Damage) { throw std::runtime_error("the cache is damaged"); }

private:
    std::string value_;  // a restart constructs anew: this is gone
};

class Index {
public:
    explicit Index(actors::Context& self) { fmt::print("{} starts\n", self.name()); }
    std::string handle(Get) { return "an index"; }
};

class Observer {
public:
    Observer(actors::Context& self, actors::AnyRef<> whom) : self_(self) { self.watch(whom); }
    void handle(actors::Down down) {
        fmt::print("{} is gone: {}\n", down.ref.name(), actors::nameOf(down.reason));
        self_.stop();
    }

private:
    actors::Context& self_;
};

asio::awaitable<void> fail(actors::Ref<Cache> cache) {
    try {
        co_await cache.ask<Damage>(10s);
    } catch (const actors::Error& error) {
        fmt::print("the asker gets {}\n", actors::nameOf(error.errc()));
    }
}

asio::awaitable<void> run(actors::System& system) {
    const actors::Supervisor store =
        system.supervise({.name = "store", .strategy = actors::Strategy::RestForOne, .intensity = 2},
                         actors::child<Cache>("cache"),
                         actors::child<Index>("index"));  // needs the cache, so it is restarted with it
    co_await store.started(10s);
    system.spawn<Observer>({}, store.ref());

    const actors::Ref<Cache> cache = system.find<Cache>("cache");
    co_await cache.ask<Set>(10s, "a value");
    co_await fail(cache);
    const std::string value = co_await cache.ask<Get>(10s);  // the Ref is good for the new one
    fmt::print("the new cache has {}\n", value);
    co_await fail(cache);
    const std::string again = co_await cache.ask<Get>(10s);
    fmt::print("the new cache has {}\n", again);
    co_await fail(cache);  // the third in a minute is one too many
    co_await system.stop(10s);
}

int main() {
    asio::io_context context;
    actors::System system(context.get_executor());
    asio::co_spawn(context, run(system), asio::detached);
    context.run();
}

// Shows: a pool of workers behind one Ref, and the keys that keep what belongs together at one of them.
// Use it when: one actor is not enough for the work.
// Prints: how the work was shared.

#include <tempeh/actors.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/core.h>

#include <chrono>
#include <map>
#include <set>
#include <string>

namespace actors = tempeh::actors;
namespace asio = boost::asio;
using namespace std::chrono_literals;

struct Job {
    std::string customer;
    const std::string& routingKey() const { return customer; }  // for Routing::ByKey
    using Reply = std::string;                                  // who did it
};

class Worker {
public:
    explicit Worker(actors::Context& self) : name_(self.name()) {}
    std::string handle(Job) { return name_; }

private:
    std::string name_;
};

asio::awaitable<void> run(actors::System& system) {
    const actors::Supervisor root =
        system.supervise({.name = "root"}, actors::pool<Worker>("anybody", 4, actors::Routing::RoundRobin),
                         actors::pool<Worker>("keyed", 4, actors::Routing::ByKey));
    co_await root.started(10s);

    const actors::Ref<Worker> anybody = system.find<Worker>("anybody");  // a Ref as any other
    std::map<std::string, int> jobs;
    for (int job = 0; job < 100; ++job) {
        const std::string worker = co_await anybody.ask<Job>(10s, "a customer");
        ++jobs[worker];
    }
    fmt::print("in turn: {} workers, {} jobs each\n", jobs.size(), jobs.begin()->second);

    const actors::Ref<Worker> keyed = system.find<Worker>("keyed");
    bool isAlwaysTheSame = true;
    for (int customer = 0; customer < 10; ++customer) {
        std::set<std::string> workers;
        for (int job = 0; job < 10; ++job)
            workers.insert(co_await keyed.ask<Job>(10s, fmt::format("customer {}", customer)));
        isAlwaysTheSame = isAlwaysTheSame && workers.size() == 1;
    }
    fmt::print("by key: a customer has {} worker\n", isAlwaysTheSame ? "always the same" : "more than one");
    co_await system.stop(10s);
}

int main() {
    asio::io_context context;
    actors::System system(context.get_executor());
    asio::co_spawn(context, run(system), asio::detached);
    context.run();
}

// Shows: actors on the io_context that an Asio program has already, without a thread more.
// Use it when: timers, sockets and actors should share one thread, and nothing a lock.
// Prints: what a timer of the program and an actor have to say to each other.

#include <tempeh/actors.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/core.h>

#include <chrono>
#include <string>
#include <thread>

namespace actors = tempeh::actors;
namespace asio = boost::asio;
using namespace std::chrono_literals;

struct Tick {};
struct Ticks {
    using Reply = int;
};

class Clock {
public:
    explicit Clock(actors::Context&) : thread_(std::this_thread::get_id()) {}
    void handle(Tick) {
        ++ticks_;
        isAtHome_ = isAtHome_ && std::this_thread::get_id() == thread_;
    }
    int handle(Ticks) { return isAtHome_ ? ticks_ : -1; }

private:
    std::thread::id thread_;
    bool isAtHome_ = true;
    int ticks_ = 0;
};

asio::awaitable<void> program(actors::System& system) {
    const actors::Ref<Clock> clock = system.spawn<Clock>({.name = "clock"});
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (int i = 0; i < 5; ++i) {
        timer.expires_after(1ms);
        co_await timer.async_wait(asio::use_awaitable);
        clock.tell(Tick{});
    }
    const int ticks = co_await clock.ask<Ticks>(10s);
    fmt::print("{} ticks, all on the program's thread\n", ticks);
    const actors::StopReport report = co_await system.stop(10s);
    fmt::print("stopped, {} actors left\n", report.stragglers.size());
}

int main() {
    asio::io_context context;
    actors::System system(context.get_executor());
    asio::co_spawn(context, program(system), asio::detached);
    context.run();
}

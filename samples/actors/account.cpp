// Shows: an account that is told, asked, and refuses.
// Use it when: you come from another actor library: docs/coming_from has the same in CAF, Akka, OTP and
// Orleans. Prints: what is left, and why there is no more.

#include <tempeh/actors.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/core.h>

#include <chrono>

namespace actors = tempeh::actors;
namespace asio = boost::asio;
using namespace std::chrono_literals;

struct Deposit {
    int cents;
};
struct Withdraw {
    int cents;
    using Reply = int;
};

class Account {
public:
    explicit Account(actors::Context&) {}

    void handle(Deposit deposit) { cents_ += deposit.cents; }
    int handle(Withdraw withdrawal) {
        if (withdrawal.cents > cents_) throw actors::Refusal("not enough money");
        return cents_ -= withdrawal.cents;
    }

private:
    int cents_ = 0;
};

asio::awaitable<void> useAccount(actors::System& system) {
    const auto account = system.spawn<Account>({.name = "account"});
    account.tell(Deposit{100});
    for (const int cents : {30, 500}) {
        try {
            const int left = co_await account.ask<Withdraw>(1min, cents);
            fmt::print("{} left\n", left);
        } catch (const actors::Error& error) {
            fmt::print("{}\n", error.what());
        }
    }
    co_await system.stop(1min);
}

int main() {
    asio::io_context context;
    actors::System system(context.get_executor());
    asio::co_spawn(context, useAccount(system), asio::detached);
    context.run();
}

// Shows: what becomes of a question: answered, refused, failed, too late, or asked in a circle.
// Use it when: you want to know what a caller has to expect.
// Prints: one line for each.

#include <tempeh/actors.hpp>

#include <boost/asio/awaitable.hpp>
#include <fmt/core.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

namespace actors = tempeh::actors;
namespace asio = boost::asio;
using namespace std::chrono_literals;

struct Divide {
    int dividend;
    int divisor;
    using Reply = int;
};
struct Break {
    using Reply = void;
};
struct Ponder {  // it never answers
    using Reply = int;
};

class Calculator {
public:
    explicit Calculator(actors::Context&) {}

    int handle(Divide task) {
        // A refusal is an answer: the actor lives on.
        if (task.divisor == 0) throw actors::Refusal("nobody can divide by zero");
        return task.dividend / task.divisor;
    }
    // Any other exception is a failure, and the end of this instance.
    void handle(Break) { throw std::runtime_error("out of order"); }
    // A handler that answers later keeps its Responder, here for ever.
    void handle(Ponder, actors::Responder<int> responder) { unanswered_ = std::move(responder); }

private:
    actors::Responder<int> unanswered_;
};

struct Ask {
    using Reply = std::string;
};

// Asks the other one, who meanwhile asks back.
class Polite {
public:
    explicit Polite(actors::Context& self) : self_(self) {}

    asio::awaitable<std::string> handle(Ask) {
        const std::string other = self_.name() == "Alice" ? "Bob" : "Alice";
        try {
            const std::string answer = co_await self_.find<Polite>(other).ask<Ask>(10s);
            co_return answer;
        } catch (const actors::Error& error) {
            co_return fmt::format("{} noticed: {}", self_.name(), actors::nameOf(error.errc()));
        }
    }

private:
    actors::Context& self_;
};

template <typename Question>
void report(Question question) {
    try {
        question();
    } catch (const actors::Error& error) {
        fmt::print("{}\n", actors::nameOf(error.errc()));
    }
}

int main() {
    actors::System system;
    const auto calculator = system.spawn<Calculator>({.name = "calculator"}).blocking();

    report([&] { fmt::print("{}\n", calculator.ask<Divide>(10s, 42, 6)); });
    report([&] { calculator.ask<Divide>(10s, 42, 0); });
    report([&] { calculator.ask<Ponder>(20ms); });
    report([&] { calculator.ask<Break>(10s); });
    report([&] { calculator.ask<Divide>(10s, 42, 6); });  // it has ended, and nobody restarts it

    const auto alice = system.spawn<Polite>({.name = "Alice"});
    system.spawn<Polite>({.name = "Bob"});
    fmt::print("{}\n", alice.blocking().ask<Ask>(10s));
}

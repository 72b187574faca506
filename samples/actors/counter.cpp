// Shows: an actor, what it is told, and what it is asked.
// Use it when: you write your first actor.
// Prints: the total after each question.

#include <tempeh/actors.hpp>

#include <fmt/core.h>

#include <chrono>

namespace actors = tempeh::actors;
using namespace std::chrono_literals;

struct Add {  // a message: told, it changes something
    int amount;
};

struct Total {  // a message with a Reply is a question
    using Reply = int;
};

class Counter {
public:
    Counter(actors::Context&, int start) : total_(start) {}

    void handle(Add add) { total_ += add.amount; }
    int handle(Total) const { return total_; }

private:
    int total_;  // needs no lock: an actor handles one message at a time
};

int main() {
    actors::System system;  // with a thread of its own
    const actors::Ref<Counter> counter = system.spawn<Counter>({.name = "counter"}, 100);

    counter.tell(Add{1});  // returns at once
    counter.tell(Add{2});
    fmt::print("total {}\n", counter.blocking().ask<Total>(10s));

    // Somebody else finds it by its name.
    system.find<Counter>("counter").tell(Add{-3});
    fmt::print("total {}\n", counter.blocking().ask<Total>(10s));
}

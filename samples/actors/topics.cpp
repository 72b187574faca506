// Shows: news that whoever wants gets, and a latecomer who asks for the last one.
// Use it when: the one who tells need not know who listens.
// Prints: what each subscriber heard, and how many there were.

#include <tempeh/actors.hpp>

#include <fmt/core.h>

#include <chrono>
#include <string>

namespace actors = tempeh::actors;
using namespace std::chrono_literals;

struct Price {
    std::string of;
    int cents;
};
struct Heard {
    using Reply = std::string;
};

class Display {
public:
    Display(actors::Context& self, bool wantsLast) { self.subscribe<Price>("prices", wantsLast); }
    void handle(Price price) { heard_ += fmt::format(" {}:{}", price.of, price.cents); }
    std::string handle(Heard) { return heard_.empty() ? " nothing" : heard_; }

private:
    std::string heard_;
};

int main() {
    actors::System system;
    const auto first = system.spawn<Display>({}, false);
    const auto second = system.spawn<Display>({}, false);
    first.blocking().ask<Heard>(10s);  // both have subscribed
    second.blocking().ask<Heard>(10s);

    const actors::Topic<Price> prices = system.topic<Price>("prices");
    prices.publish({"tea", 250});
    const actors::Published out = prices.publish({"milk", 120});
    fmt::print("{} took it, {} could not\n", out.delivered, out.refused);

    const auto late = system.spawn<Display>({}, true);
    fmt::print("the first heard{}\n", first.blocking().ask<Heard>(10s));
    fmt::print("the second heard{}\n", second.blocking().ask<Heard>(10s));
    fmt::print("the late one heard{}\n", late.blocking().ask<Heard>(10s));
}

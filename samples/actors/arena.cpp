// Shows: memory for one request that travels with it from actor to actor and goes back all at once.
// Use it when: a request makes many small objects, and freeing each of them is a waste.
// Prints: what the last of three actors got, and how many arenas a thousand requests needed.

#include <tempeh/actors.hpp>

#include <fmt/core.h>

#include <chrono>
#include <memory_resource>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace actors = tempeh::actors;
using namespace std::chrono_literals;

using Words = std::pmr::vector<std::pmr::string>;

struct Parse {
    std::pmr::string text;
};
struct Sort {
    Words words;
};
struct Seen {
    using Reply = std::string;
};

class Counter {
public:
    explicit Counter(actors::Context&) {}
    void handle(Sort sorted) {
        ++requests_;
        words_ += sorted.words.size();
    }  // the last handler: the words go, and with them the arena
    std::string handle(Seen) { return fmt::format("{} words in {} requests", words_, requests_); }

private:
    int requests_ = 0;
    std::size_t words_ = 0;
};

class Parser {
public:
    Parser(actors::Context& self, actors::Ref<Counter> next) : self_(self), next_(std::move(next)) {}
    void handle(Parse request) {
        actors::Arena arena = self_.arena();  // the one that came with the message
        Words words(arena);
        const std::string_view text = request.text;
        for (std::size_t begin = 0; begin < text.size();) {
            const std::size_t end = std::min(text.find(' ', begin), text.size());
            words.emplace_back(text.substr(begin, end - begin));
            begin = end + 1;
        }
        next_.tell(Sort{std::move(words)}, std::move(arena));  // nothing is copied
    }

private:
    actors::Context& self_;
    actors::Ref<Counter> next_;
};

int main() {
    actors::ArenaPool pool;
    actors::System system;
    const auto counter = system.spawn<Counter>({});
    const auto parser = system.spawn<Parser>({}, counter);
    for (int request = 0; request < 1000; ++request) {
        actors::Arena arena = pool.get();
        Parse parse{std::pmr::string("as much as one request has to say about all of its words", &arena)};
        parser.tell(std::move(parse), std::move(arena));
        if (request % 10 == 9) counter.blocking().ask<Seen>(10s);  // not all of them at once
    }
    fmt::print("{}\n", counter.blocking().ask<Seen>(10s));
    fmt::print("{}\n", pool.counters().made <= 20 ? "twenty arenas or fewer" : "too many arenas");
}

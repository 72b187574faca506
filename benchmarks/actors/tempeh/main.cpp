// The shapes in tempeh: classes with handlers, on one thread of the system's or several.
#include "shapes.hpp"

#include <tempeh/actors.hpp>

#include <atomic>
#include <cstdint>
#include <future>
#include <string_view>
#include <utility>
#include <vector>

namespace bench::actors {
namespace {

namespace actors = tempeh::actors;
namespace asio = boost::asio;
using namespace std::chrono_literals;

using Count = std::uint64_t;

struct Begin {
    Count number;
    Count size;
};
struct Item {
    Count number;
};
struct Done {
    Count count;
};
struct Token {
    Count rest;
};

/// Adds up what it is told `messages` times; main() waits for the sum.
class Collector {
public:
    Collector(actors::Context& self, Count messages, std::promise<Count>* sum)
        : self_(self), left_(messages), sum_(sum) {}
    void handle(Done done) {
        total_ += done.count;
        if (--left_ > 0) return;
        sum_->set_value(total_);
        self_.stop();
    }

private:
    actors::Context& self_;
    Count left_;
    std::promise<Count>* sum_;
    Count total_ = 0;
};
using Above = actors::AnyRef<Done>;

// --- creation. ---

class Creator {
public:
    Creator(actors::Context& self, Above parent) : self_(self), parent_(std::move(parent)) {}
    void handle(Begin begin) {
        if (begin.number == 0) return finish(1);
        for (int child = 0; child < 2; ++child)
            self_.spawn<Creator>({}, Above(self_.self<Creator>())).tell(Begin{begin.number - 1, 0});
    }
    void handle(Done below) {
        sum_ += below.count;
        if (++children_ == 2) finish(sum_ + 1);
    }

private:
    void finish(Count count) {
        parent_.tell(Done{count});
        self_.stop();
    }
    actors::Context& self_;
    Above parent_;
    Count sum_ = 0;
    int children_ = 0;
};

// --- mailbox. ---

class Receiver {
public:
    Receiver(actors::Context& self, Count expected, Above collector)
        : self_(self), expected_(expected), collector_(std::move(collector)) {}
    void handle(Item) {
        if (++seen_ < expected_) return;
        collector_.tell(Done{seen_});
        self_.stop();
    }

private:
    actors::Context& self_;
    Count expected_;
    Above collector_;
    Count seen_ = 0;
};

class Sender {
public:
    Sender(actors::Context& self, actors::Ref<Receiver> to, Count count) : self_(self), to_(std::move(to)) {
        self_.self<Sender>().tell(Begin{count, 0});
    }
    void handle(Begin begin) {
        for (Count i = 0; i < begin.number; ++i)
            to_.tell(Item{i});
        self_.stop();
    }

private:
    actors::Context& self_;
    actors::Ref<Receiver> to_;
};

// --- mixed case. ---

class Worker {
public:
    Worker(actors::Context&, Above collector) : collector_(std::move(collector)) {}
    void handle(Item item) { collector_.tell(Done{factorize(item.number) == factorsOfIt ? 1U : 0U}); }

private:
    Above collector_;
};

using Next = actors::AnyRef<Token>;

class Link {
public:
    Link(actors::Context& self, Next next) : self_(self), next_(std::move(next)) {}
    void handle(Token token) {
        next_.tell(Token{token.rest});
        if (token.rest == 0) self_.stop();
    }

private:
    actors::Context& self_;
    Next next_;
};

class RingMaster {
public:
    RingMaster(actors::Context& self, Sizes sizes, Above collector)
        : self_(self)
        , sizes_(sizes)
        , collector_(std::move(collector))
        , worker_(self.spawn<Worker>({}, collector_)) {
        begin();
    }
    void handle(Token token) {
        ++seen_;
        if (token.rest > 0) {
            next_.tell(Token{token.rest - 1});
        } else if (++repetition_ < sizes_.repetitions) {
            begin();
        } else {
            collector_.tell(Done{seen_ * sizes_.ringSize});
        }
    }

private:
    void begin() {
        next_ = Next(self_.self<RingMaster>());
        for (Count i = 1; i < sizes_.ringSize; ++i)
            next_ = Next(self_.spawn<Link>({}, next_));
        worker_.tell(Item{toFactorize});
        next_.tell(Token{sizes_.token});
    }
    actors::Context& self_;
    const Sizes sizes_;
    Above collector_;
    actors::Ref<Worker> worker_;
    Next next_;
    Count repetition_ = 0;
    Count seen_ = 0;
};

// --- ping-pong. ---

class Pong;
class Ping;
struct Ball {
    Count number;
    actors::Ref<Ping> from;
};
struct Back {
    Count number;
    actors::Ref<Pong> from;
};

class Pong {
public:
    explicit Pong(actors::Context& self) : self_(self) {}
    void handle(Ball ball);

private:
    actors::Context& self_;
};

class Ping {
public:
    Ping(actors::Context& self, actors::Ref<Pong> to, Count rounds, Above collector)
        : self_(self), rounds_(rounds), collector_(std::move(collector)) {
        to.tell(Ball{0, self_.self<Ping>()});
    }
    void handle(Back back) {
        if (++seen_ < rounds_) {
            back.from.tell(Ball{back.number + 1, self_.self<Ping>()});
            return;
        }
        collector_.tell(Done{seen_});
        self_.stop();
    }

private:
    actors::Context& self_;
    Count rounds_;
    Above collector_;
    Count seen_ = 0;
};

void Pong::handle(Ball ball) {
    ball.from.tell(Back{ball.number, self_.self<Pong>()});
}

// --- ring. ---

class RingNode;
struct Successor {
    actors::Ref<RingNode> next;
};
struct Report {};

class RingNode {
public:
    RingNode(actors::Context& self, Above over, Above collector)
        : self_(self), over_(std::move(over)), collector_(std::move(collector)) {}
    void handle(Successor successor) { next_ = std::move(successor.next); }
    void handle(Token token) {
        ++seen_;
        if (token.rest > 0)
            next_.tell(Token{token.rest - 1});
        else
            over_.tell(Done{1});
    }
    void handle(Report) {
        collector_.tell(Done{seen_});
        self_.stop();
    }

private:
    actors::Context& self_;
    Above over_;
    Above collector_;
    actors::Ref<RingNode> next_;
    Count seen_ = 0;
};

// --- skynet. ---

class Skynet {
public:
    Skynet(actors::Context& self, Above parent) : self_(self), parent_(std::move(parent)) {}
    void handle(Begin begin) {
        if (begin.size == 1) return finish(begin.number);
        const Count part = begin.size / 10;
        for (Count i = 0; i < 10; ++i)
            self_.spawn<Skynet>({}, Above(self_.self<Skynet>())).tell(Begin{begin.number + i * part, part});
    }
    void handle(Done below) {
        sum_ += below.count;
        if (++children_ == 10) finish(sum_);
    }

private:
    void finish(Count sum) {
        parent_.tell(Done{sum});
        self_.stop();
    }
    actors::Context& self_;
    Above parent_;
    Count sum_ = 0;
    int children_ = 0;
};

// --- fan-out. ---

class FanOut;
struct Call {
    Count number;
    actors::Ref<FanOut> from;
};

class Leaf {
public:
    explicit Leaf(actors::Context&) {}
    void handle(Call call);
};

class FanOut {
public:
    FanOut(actors::Context& self, Sizes sizes, Above collector)
        : self_(self), sizes_(sizes), collector_(std::move(collector)) {
        for (Count i = 0; i < sizes_.fanOut; ++i)
            to_.push_back(self_.spawn<Leaf>());
        tellAll();
    }
    void handle(Done) {
        ++seen_;
        if (seen_ % sizes_.fanOut != 0) return;
        if (seen_ < sizes_.rounds * sizes_.fanOut) return tellAll();
        collector_.tell(Done{seen_});
        self_.stop();
    }

private:
    void tellAll() {
        for (const actors::Ref<Leaf>& to : to_)
            to.tell(Call{seen_, self_.self<FanOut>()});
    }
    actors::Context& self_;
    const Sizes sizes_;
    Above collector_;
    std::vector<actors::Ref<Leaf>> to_;
    Count seen_ = 0;
};

void Leaf::handle(Call call) {
    call.from.tell(Done{call.number});
}

// --- ask. ---

struct Question {
    Count number;
    using Reply = Count;
};

class Answerer {
public:
    explicit Answerer(actors::Context&) {}
    Count handle(Question question) { return question.number; }
};

class Asker {
public:
    Asker(actors::Context& self, actors::Ref<Answerer> whom, Count asks, Above collector)
        : self_(self), whom_(std::move(whom)), collector_(std::move(collector)) {
        self_.self<Asker>().tell(Begin{asks, 0});
    }
    asio::awaitable<void> handle(Begin begin) {
        Count sum = 0;
        while (sum < begin.number) {
            const Count answer = co_await whom_.ask<Question>(10s, sum);
            if (answer != sum) break;
            ++sum;
        }
        collector_.tell(Done{sum});
        self_.stop();
    }

private:
    actors::Context& self_;
    actors::Ref<Answerer> whom_;
    Above collector_;
};

// --- idle. ---

class Idler {
public:
    explicit Idler(actors::Context&) {}
    void handle(Item item) { state_ += item.number; }

private:
    Count state_ = 0;
};

/// Starts a Collector, and waits for its sum.
class Sum {
public:
    Sum(actors::System& system, Count messages)
        : ref_(system.spawn<Collector>({.mailbox = {.capacity = 1'000'000}}, messages, &sum_)) {}
    Above ref() const { return ref_; }
    Count get() { return sum_.get_future().get(); }

private:
    std::promise<Count> sum_;
    actors::Ref<Collector> ref_;
};

Count runRing(actors::System& system, const Sizes& sizes) {
    Sum over(system, 1);
    Sum sum(system, sizes.ringActors);
    std::vector<actors::Ref<RingNode>> nodes;
    for (Count i = 0; i < sizes.ringActors; ++i)
        nodes.push_back(system.spawn<RingNode>({}, over.ref(), sum.ref()));
    for (Count i = 0; i < nodes.size(); ++i)
        nodes[i].tell(Successor{nodes[(i + 1) % nodes.size()]});
    nodes.front().tell(Token{sizes.hops});
    over.get();
    for (const actors::Ref<RingNode>& node : nodes)
        node.tell(Report{});
    return sum.get();
}

void runIdle(actors::System& system, const Sizes& sizes, Outcome& outcome) {
    std::vector<actors::Ref<Idler>> refs;
    refs.reserve(sizes.idle);
    const Count before = residentBytes();
    for (Count i = 0; i < sizes.idle; ++i)
        refs.push_back(system.spawn<Idler>());
    outcome.delivered = system.all<Idler>().size();
    outcome.bytesEach = (residentBytes() - before) / sizes.idle;
    outcome.expected = sizes.idle;
}

Outcome measure(actors::System& system, std::string_view shape, const Sizes& sizes) {
    Outcome outcome;
    const Watch watch;
    const Count works = sizes.rings * sizes.repetitions;
    if (shape == "creation") {
        Sum sum(system, 1);
        system.spawn<Creator>({}, sum.ref()).tell(Begin{sizes.creationDepth, 0});
        outcome = {sum.get(), actorsOfDepth(sizes.creationDepth)};
    } else if (shape == "mailbox") {
        const Count expected = sizes.senders * sizes.perSender;
        Sum sum(system, 1);
        const auto to = system.spawn<Receiver>({.mailbox = {.capacity = expected + 1}}, expected, sum.ref());
        for (Count i = 0; i < sizes.senders; ++i)
            system.spawn<Sender>({}, to, sizes.perSender);
        outcome = {sum.get(), expected};
    } else if (shape == "mixed") {
        Sum sum(system, sizes.rings + works);
        for (Count i = 0; i < sizes.rings; ++i)
            system.spawn<RingMaster>({}, sizes, sum.ref());
        outcome = {sum.get(), works * ((sizes.token + 1) * sizes.ringSize + 1)};
    } else if (shape == "pingpong") {
        Sum sum(system, 1);
        system.spawn<Ping>({}, system.spawn<Pong>(), sizes.pings, sum.ref());
        outcome = {sum.get(), sizes.pings};
    } else if (shape == "ring") {
        outcome = {runRing(system, sizes), sizes.hops + 1};
    } else if (shape == "skynet") {
        Sum sum(system, 1);
        system.spawn<Skynet>({}, sum.ref()).tell(Begin{0, sizes.skynet});
        outcome = {sum.get(), skynetSum(sizes.skynet)};
    } else if (shape == "fanout") {
        Sum sum(system, 1);
        system.spawn<FanOut>({}, sizes, sum.ref());
        outcome = {sum.get(), sizes.fanOut * sizes.rounds};
    } else if (shape == "ask") {
        Sum sum(system, 1);
        system.spawn<Asker>({}, system.spawn<Answerer>(), sizes.asks, sum.ref());
        outcome = {sum.get(), sizes.asks};
    } else if (shape == "idle") {
        runIdle(system, sizes, outcome);
    }
    outcome.seconds = watch.seconds();
    return outcome;
}

Outcome run(std::string_view shape, const Sizes& sizes, std::uint64_t threads) {
    actors::System system({.threads = threads});
    return measure(system, shape, sizes);
}

}  // namespace
}  // namespace bench::actors

int main(int argc, char** argv) {
    return bench::actors::programMain("tempeh", argc, argv, bench::actors::run);
}

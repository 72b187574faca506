// The shapes in CAF 0.17, as its own benchmark suite writes them: event-based actors, atoms, no copies made
// by us.
#include "shapes.hpp"

#include <caf/all.hpp>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace bench::actors {
namespace {

using Begin = caf::atom_constant<caf::atom("begin")>;
using Item = caf::atom_constant<caf::atom("item")>;
using Done = caf::atom_constant<caf::atom("done")>;
using Token = caf::atom_constant<caf::atom("token")>;
using Peers = caf::atom_constant<caf::atom("peers")>;

using Count = std::uint64_t;

/// The result that somebody sends to main().
Count awaitDone(caf::scoped_actor& self) {
    Count result = 0;
    self->receive([&](Done, Count count) { result = count; });
    return result;
}

// --- creation: a binary tree; every actor counts the actors below it, and itself. ---

class Creator : public caf::event_based_actor {
public:
    Creator(caf::actor_config& config, caf::actor parent)
        : caf::event_based_actor(config), parent_(std::move(parent)) {}
    caf::behavior make_behavior() override {
        return {[this](Begin, Count depth) {
                    if (depth == 0) return finish(1);
                    for (int child = 0; child < 2; ++child)
                        send(spawn<Creator, caf::lazy_init>(caf::actor(this)), Begin::value, depth - 1);
                },
                [this](Done, Count below) {
                    sum_ += below;
                    if (++children_ == 2) finish(sum_ + 1);
                }};
    }

private:
    void finish(Count count) {
        send(parent_, Done::value, count);
        quit();
    }
    caf::actor parent_;
    Count sum_ = 0;
    int children_ = 0;
};

// --- mailbox: many senders, one receiver. ---

caf::behavior receiver(caf::stateful_actor<Count>* self, Count expected, caf::actor collector) {
    self->state = 0;
    return {[=](Item, Count) {
        if (++self->state == expected) {
            self->send(collector, Done::value, self->state);
            self->quit();
        }
    }};
}

void sender(caf::event_based_actor* self, caf::actor to, Count count) {
    for (Count i = 0; i < count; ++i)
        self->send(to, Item::value, i);
}

// --- mixed case: rings that pass a token, made anew again and again, beside workers that factorise. ---

caf::behavior link(caf::event_based_actor* self, caf::actor next) {
    return {[=](Token, Count rest) {
        self->send(next, Token::value, rest);
        if (rest == 0) self->quit();
    }};
}

caf::behavior worker(caf::event_based_actor* self, caf::actor collector) {
    return {[=](Item, Count number) {
        const Count isRight = factorize(number) == factorsOfIt ? 1 : 0;
        self->send(collector, Done::value, isRight);
    }};
}

class RingMaster : public caf::event_based_actor {
public:
    RingMaster(caf::actor_config& config, Sizes sizes, caf::actor collector)
        : caf::event_based_actor(config), sizes_(sizes), collector_(std::move(collector)) {}
    caf::behavior make_behavior() override {
        worker_ = spawn<caf::lazy_init>(worker, collector_);
        begin();
        return {[this](Token, Count rest) {
            ++seen_;
            if (rest > 0) return send(next_, Token::value, rest - 1);
            if (++repetition_ < sizes_.repetitions) return begin();
            send(worker_, caf::exit_msg{address(), caf::exit_reason::user_shutdown});
            send(collector_, Done::value, seen_ * sizes_.ringSize);
            quit();
        }};
    }

private:
    void begin() {
        next_ = this;
        for (Count i = 1; i < sizes_.ringSize; ++i)
            next_ = spawn<caf::lazy_init>(link, next_);
        send(worker_, Item::value, toFactorize);
        send(next_, Token::value, sizes_.token);
    }
    const Sizes sizes_;
    caf::actor collector_;
    caf::actor worker_;
    caf::actor next_;
    Count repetition_ = 0;
    Count seen_ = 0;
};

// --- ping-pong. ---

caf::behavior ponging(caf::stateful_actor<Count>* self, caf::actor to, Count round, caf::actor collector) {
    self->state = 0;
    self->send(to, Item::value, Count{0}, caf::actor(self));
    return {[=](Item, Count number, const caf::actor& from) {
        if (++self->state == round) {
            self->send(collector, Done::value, self->state);
            self->quit();
        } else {
            self->send(from, Item::value, number + 1, caf::actor(self));
        }
    }};
}

caf::behavior pong(caf::event_based_actor* self) {
    return {[=](Item, Count number, const caf::actor& from) {
        self->send(from, Item::value, number, caf::actor(self));
    }};
}

// --- ring: one message around. ---

caf::behavior ringNode(caf::stateful_actor<std::pair<caf::actor, Count>>* self, caf::actor collector) {
    return {[=](Peers, const caf::actor& next) {
                self->state = {next, 0};
            },
            [=](Token, Count rest) {
                ++self->state.second;
                if (rest > 0)
                    self->send(self->state.first, Token::value, rest - 1);
                else
                    self->send(collector, Begin::value);
            },
            [=](Done) {
                self->send(collector, Done::value, self->state.second);
                self->state.first = nullptr;
                self->quit();
            }};
}

// --- skynet. ---

class Skynet : public caf::event_based_actor {
public:
    Skynet(caf::actor_config& config, caf::actor parent)
        : caf::event_based_actor(config), parent_(std::move(parent)) {}
    caf::behavior make_behavior() override {
        return {[this](Begin, Count number, Count size) {
                    if (size == 1) return finish(number);
                    for (Count i = 0; i < 10; ++i)
                        send(spawn<Skynet, caf::lazy_init>(caf::actor(this)), Begin::value,
                             number + i * (size / 10), size / 10);
                },
                [this](Done, Count below) {
                    sum_ += below;
                    if (++children_ == 10) finish(sum_);
                }};
    }

private:
    void finish(Count sum) {
        send(parent_, Done::value, sum);
        quit();
    }
    caf::actor parent_;
    Count sum_ = 0;
    int children_ = 0;
};

// --- fan-out: one to many, everybody answers. ---

caf::behavior leaf(caf::event_based_actor*) {
    return {[](Item, Count number) -> Count { return number; }};
}

caf::behavior echoer(caf::event_based_actor* self) {
    return {[=](Item, Count number, const caf::actor& from) { self->send(from, Done::value, number); }};
}

class FanOut : public caf::event_based_actor {
public:
    FanOut(caf::actor_config& config, Sizes sizes, caf::actor collector)
        : caf::event_based_actor(config), sizes_(sizes), collector_(std::move(collector)) {}
    caf::behavior make_behavior() override {
        for (Count i = 0; i < sizes_.fanOut; ++i)
            to_.push_back(spawn<caf::lazy_init>(echoer));
        tellAll();
        return {[this](Done, Count) {
            ++seen_;
            if (seen_ % sizes_.fanOut != 0) return;
            if (seen_ < sizes_.rounds * sizes_.fanOut) return tellAll();
            send(collector_, Done::value, seen_);
            to_.clear();
            quit();
        }};
    }

private:
    void tellAll() {
        for (const caf::actor& to : to_)
            send(to, Item::value, seen_, caf::actor(this));
    }
    const Sizes sizes_;
    caf::actor collector_;
    std::vector<caf::actor> to_;
    Count seen_ = 0;
};

// --- ask: question and answer, one after the other. ---

class Asker : public caf::event_based_actor {
public:
    Asker(caf::actor_config& config, caf::actor whom, Count asks, caf::actor collector)
        : caf::event_based_actor(config)
        , whom_(std::move(whom))
        , asks_(asks)
        , collector_(std::move(collector)) {}
    caf::behavior make_behavior() override {
        ask();
        return {[](Begin) {}};
    }

private:
    void ask() {
        request(whom_, std::chrono::seconds(10), Item::value, sum_).then([this](Count answer) {
            sum_ += answer == sum_ ? 1 : 0;
            if (sum_ < asks_) return ask();
            send(collector_, Done::value, sum_);
            whom_ = nullptr;
            quit();
        });
    }
    caf::actor whom_;
    Count asks_;
    caf::actor collector_;
    Count sum_ = 0;
};

caf::behavior idler(caf::stateful_actor<Count>* self) {
    return {[=](Item, Count number) { self->state += number; }, [=](Done) { self->quit(); }};
}

Count runRing(caf::actor_system& system, const Sizes& sizes, caf::scoped_actor& self) {
    std::vector<caf::actor> nodes;
    for (Count i = 0; i < sizes.ringActors; ++i)
        nodes.push_back(system.spawn<caf::lazy_init>(ringNode, caf::actor(self)));
    for (Count i = 0; i < nodes.size(); ++i)
        self->send(nodes[i], Peers::value, nodes[(i + 1) % nodes.size()]);
    self->send(nodes.front(), Token::value, sizes.hops);
    self->receive([](Begin) {});
    Count sum = 0;
    for (const caf::actor& node : nodes)
        self->send(node, Done::value);
    for (Count i = 0; i < nodes.size(); ++i)
        sum += awaitDone(self);
    return sum;
}

Count sumOf(caf::scoped_actor& self, Count messages) {
    Count sum = 0;
    for (Count i = 0; i < messages; ++i)
        sum += awaitDone(self);
    return sum;
}

void runIdle(caf::actor_system& system, const Sizes& sizes, Outcome& outcome) {
    std::vector<caf::actor> actors;
    actors.reserve(sizes.idle);
    const Count before = residentBytes();
    for (Count i = 0; i < sizes.idle; ++i)
        actors.push_back(system.spawn(idler));
    outcome.bytesEach = (residentBytes() - before) / sizes.idle;
    for (const caf::actor& actor : actors)
        caf::anon_send(actor, Done::value);
    outcome.delivered = actors.size();
    outcome.expected = sizes.idle;
}

Outcome measure(caf::actor_system& system, std::string_view shape, const Sizes& sizes) {
    caf::scoped_actor self(system);
    const caf::actor main(self);
    Outcome outcome;
    const Watch watch;
    if (shape == "creation") {
        self->send(system.spawn<Creator, caf::lazy_init>(main), Begin::value, sizes.creationDepth);
        outcome = {awaitDone(self), actorsOfDepth(sizes.creationDepth)};
    } else if (shape == "mailbox") {
        const Count expected = sizes.senders * sizes.perSender;
        const caf::actor to = system.spawn<caf::lazy_init>(receiver, expected, main);
        for (Count i = 0; i < sizes.senders; ++i)
            system.spawn(sender, to, sizes.perSender);
        outcome = {awaitDone(self), expected};
    } else if (shape == "mixed") {
        for (Count i = 0; i < sizes.rings; ++i)
            system.spawn<RingMaster>(sizes, main);
        const Count works = sizes.rings * sizes.repetitions;
        outcome = {sumOf(self, sizes.rings + works), works * ((sizes.token + 1) * sizes.ringSize + 1)};
    } else if (shape == "pingpong") {
        system.spawn(ponging, system.spawn(pong), sizes.pings, main);
        outcome = {awaitDone(self), sizes.pings};
    } else if (shape == "ring") {
        outcome = {runRing(system, sizes, self), sizes.hops + 1};
    } else if (shape == "skynet") {
        self->send(system.spawn<Skynet, caf::lazy_init>(main), Begin::value, Count{0}, sizes.skynet);
        outcome = {awaitDone(self), skynetSum(sizes.skynet)};
    } else if (shape == "fanout") {
        system.spawn<FanOut>(sizes, main);
        outcome = {awaitDone(self), sizes.fanOut * sizes.rounds};
    } else if (shape == "ask") {
        system.spawn<Asker>(system.spawn(leaf), sizes.asks, main);
        outcome = {awaitDone(self), sizes.asks};
    } else if (shape == "idle") {
        runIdle(system, sizes, outcome);
    }
    outcome.seconds = watch.seconds();
    return outcome;
}

Outcome run(std::string_view shape, const Sizes& sizes, std::uint64_t threads) {
    caf::actor_system_config config;
    config.set("scheduler.max-threads", threads);
    caf::actor_system system(config);
    return measure(system, shape, sizes);
}

}  // namespace
}  // namespace bench::actors

int main(int argc, char** argv) {
    return bench::actors::programMain("caf", argc, argv, bench::actors::run);
}

// A shop floor of five kinds of actors: the desk takes orders, the stock has the goods, the till the money,
// packers pack, and the journal writes down what became of every order.
#pragma once

#include <tempeh/actors.hpp>

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace shop {

namespace actors = tempeh::actors;
namespace asio = boost::asio;

// --- What is said. ---

struct Order {  // to the desk; the answer says what became of it
    int number = 0;
    std::string item;
    int cents = 0;
    using Reply = std::string;
};
struct Take {  // to the stock
    std::string item;
    using Reply = void;
};
struct PutBack {
    std::string item;
};
struct Charge {  // to the till
    int order = 0;
    int cents = 0;
    using Reply = void;
};
struct Refund {
    int order = 0;
    using Reply = void;
};
struct Pack {  // to a packer
    int order = 0;
    std::string item;
    using Reply = void;
};
struct Entry {  // to the journal, in batches
    int order = 0;
    std::string outcome;
};

// --- The world outside, which does not restart with the actors. ---

struct World {
    std::map<std::string, int> shelf;       // what the stock looks after
    std::map<int, int> account;             // order to cents, at the bank
    std::map<int, std::string> packed;      // order to item, at the door
    std::vector<Entry> journal;             // on paper
    std::function<bool()> jams = nullptr;   // whether the till jams now
    std::function<bool()> tears = nullptr;  // whether a box tears now
};

// --- The actors. ---

class Stock {
public:
    Stock(actors::Context& self, World& world);
    void handle(Take take);
    void handle(PutBack back);

private:
    World& world_;
};

class Till {
public:
    Till(actors::Context& self, World& world);
    void handle(Charge charge);
    void handle(Refund refund);

private:
    World& world_;
};

class Packer {
public:
    Packer(actors::Context& self, World& world);
    asio::awaitable<void> handle(Pack pack);

private:
    World& world_;
};

class Journal {
public:
    Journal(actors::Context& self, World& world);
    void handle(actors::Batch<Entry> entries);

private:
    World& world_;
};

// Gathers what the desk says, for the journal.
class Entries : public actors::Batcher<Entry> {
public:
    explicit Entries(actors::Context& self)
        : Batcher(self, self.find<Journal>("journal"), {.maxItems = 10}) {}
};

class Desk {
public:
    explicit Desk(actors::Context& self);
    // Many orders are under way at once: each is a task, and does not hold the desk.
    void handle(Order order, actors::Responder<std::string> customer);

private:
    asio::awaitable<void> carryOut(Order order, actors::Responder<std::string> customer);
    asio::awaitable<std::string> outcomeOf(Order order);

    actors::Context& self_;
};

// Stock and till first, then those that need them.
actors::Supervisor open(actors::System& system, World& world);

// What must be true when the shop is closed: nothing lost, nothing paid twice, every order in the journal
// once.
void checkBooks(const World& world, int orders, const std::map<std::string, int>& shelfInTheMorning);

}  // namespace shop

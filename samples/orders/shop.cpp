#include "shop.hpp"

#include <chrono>
#include <set>
#include <stdexcept>
#include <utility>

namespace shop {

using namespace std::chrono_literals;

Stock::Stock(actors::Context&, World& world) : world_(world) {}

void Stock::handle(Take take) {
    int& left = world_.shelf[take.item];
    if (left == 0) throw actors::Refusal("no " + take.item + " left");
    --left;
}

void Stock::handle(PutBack back) {
    ++world_.shelf[back.item];
}

Till::Till(actors::Context&, World& world) : world_(world) {}

void Till::handle(Charge charge) {
    if (world_.jams())
        throw std::runtime_error("the till is jammed");  // it is restarted; nothing was charged
    world_.account[charge.order] += charge.cents;
}

void Till::handle(Refund refund) {
    world_.account.erase(refund.order);
}

Packer::Packer(actors::Context&, World& world) : world_(world) {}

asio::awaitable<void> Packer::handle(Pack pack) {
    if (world_.tears()) throw std::runtime_error("the box is torn");
    world_.packed.emplace(pack.order, pack.item);
    co_return;
}

Journal::Journal(actors::Context&, World& world) : world_(world) {}

void Journal::handle(actors::Batch<Entry> entries) {
    for (Entry& entry : entries.items)
        world_.journal.push_back(std::move(entry));
}

Desk::Desk(actors::Context& self) : self_(self) {}

void Desk::handle(Order order, actors::Responder<std::string> customer) {
    self_.start(carryOut(std::move(order), std::move(customer)));
}

asio::awaitable<void> Desk::carryOut(Order order, actors::Responder<std::string> customer) {
    const int number = order.number;
    std::string outcome = co_await outcomeOf(std::move(order));
    self_.find<Entries>("entries").tell(Entry{number, outcome});
    customer.reply(std::move(outcome));
}

asio::awaitable<std::string> Desk::outcomeOf(Order order) {
    const actors::Ref<Stock> stock = self_.find<Stock>("stock");
    try {
        co_await stock.ask<Take>(1s, order.item);
    } catch (const actors::Error&) {
        co_return "sold out";
    }
    const actors::Ref<Till> till = self_.find<Till>("till");
    try {
        co_await till.ask<Charge>(1s, order.number, order.cents);
    } catch (const actors::Error&) {
        stock.tell(PutBack{order.item});
        co_return "not paid";
    }
    for (int attempt = 0; attempt < 3; ++attempt) {
        try {
            co_await self_.find<Packer>("packers").ask<Pack>(1s, order.number, order.item);
            co_return "packed";
        } catch (const actors::Error&) {  // another packer, another box
        }
    }
    co_await till.ask<Refund>(1s, order.number);
    stock.tell(PutBack{order.item});
    co_return "given up";
}

actors::Supervisor open(actors::System& system, World& world) {
    return system.supervise({.name = "shop", .strategy = actors::Strategy::OneForOne, .intensity = 1000},
                            actors::child<Stock>("stock", std::ref(world)),
                            actors::child<Till>("till", std::ref(world)),
                            actors::pool<Packer>("packers", 3, actors::Routing::RoundRobin, std::ref(world)),
                            actors::child<Journal>("journal", std::ref(world)),
                            actors::child<Entries>("entries"), actors::child<Desk>("desk"));
}

void checkBooks(const World& world, int orders, const std::map<std::string, int>& shelfInTheMorning) {
    const auto require = [](bool condition, const char* what) {
        if (!condition) throw std::logic_error(what);
    };
    std::map<std::string, int> gone = shelfInTheMorning;
    for (const auto& [order, item] : world.packed)
        --gone[item];
    std::set<int> seen;
    std::size_t packed = 0;
    for (const Entry& entry : world.journal) {
        require(seen.insert(entry.order).second, "an order is in the journal twice");
        const bool isPacked = entry.outcome == "packed";
        packed += isPacked ? 1 : 0;
        require(world.packed.contains(entry.order) == isPacked, "the journal and the door disagree");
        require(world.account.contains(entry.order) == isPacked, "the journal and the bank disagree");
    }
    require(static_cast<int>(seen.size()) == orders, "an order is not in the journal");
    require(packed == world.packed.size(), "something left that is in no journal");
    require(gone == world.shelf, "the shelf does not have what it should");
}

}  // namespace shop

// What a system tells about itself: statistics, and what its actors do now.

#include "actors/cell.hpp"
#include "actors/system_core.hpp"

#include <tempeh/actors/detail/blocking_ask.hpp>
#include <tempeh/actors/stats.hpp>
#include <tempeh/actors/system.hpp>

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tempeh::actors {

namespace detail {

namespace {

using Descriptions = std::unordered_map<std::uint64_t, std::string>;  // by the actor's id

std::string_view nameOf(Life life) noexcept {
    switch (life) {
        case Life::Starting:
            return "Starting";
        case Life::Alive:
            return "Alive";
        case Life::Failed:
            return "Failed";
        case Life::Stopping:
            return "Stopping";
        case Life::Down:
            return "Down";
        case Life::Stopped:
            return "Stopped";
    }
    return "unknown";
}

/// On the worker.
Descriptions describeAll(Worker& worker) {
    std::vector<CellRef> cells;
    worker.visitCells([&](Cell& cell) {
        if (cell.type() != nullptr && cell.type()->describe != nullptr)
            cells.push_back(CellRef::share(&cell));
    });
    Descriptions texts;
    for (const CellRef& ref : cells) {
        auto& cell = *static_cast<Cell*>(ref.get());
        const void* const actor = cell.instance();
        if (actor == nullptr) continue;
        std::string& text = texts[cell.id()];
        try {
            text = cell.type()->describe(actor);
        } catch (const std::exception& error) {
            text = std::string("describe() threw: ") + error.what();
        }
    }
    return texts;
}

/// Asks a worker on another thread. Owned by whoever waits and by the worker, so that neither waits for ever.
class DescriptionsWait : public Node {
public:
    static Descriptions of(Worker& worker, Duration patience) {
        const auto wait = std::make_shared<DescriptionsWait>();
        wait->self_ = wait;
        wait->run = [](Node& node, Worker* here) noexcept {
            const auto keep = std::move(static_cast<DescriptionsWait&>(node).self_);
            try {
                if (here != nullptr && !here->isClosed()) keep->found_ = describeAll(*here);
            } catch (const std::exception&) {
                keep->found_.clear();  // no memory: without descriptions
            }
            keep->thread_.wake();
        };
        if (!worker.push(*wait)) {
            wait->self_.reset();
            return {};
        }
        if (!wait->thread_.wait(patience)) return {};
        return std::move(wait->found_);
    }

private:
    std::shared_ptr<DescriptionsWait> self_;
    Descriptions found_;
    BlockedThread thread_;
};

Descriptions descriptionsOf(Worker& worker, Duration patience) {
    if (worker.isHere()) return describeAll(worker);
    if (!worker.system().isOnOwnThreads() && !worker.isClosed() && worker.tryEnter()) {
        struct Leave {
            Worker& worker;
            ~Leave() { worker.leave(); }
        };
        const Leave leave{worker};
        const HereScope scope(Here{&worker, nullptr, nullptr});
        return describeAll(worker);
    }
    return DescriptionsWait::of(worker, patience);
}

struct Seen {
    std::uint64_t id;
    std::uint64_t parent;
    ActorView view;
};

Seen viewOf(const Cell& cell) {
    Seen seen{.id = cell.id(), .parent = cell.parentId, .view = {}};
    seen.view.name = cell.name();
    if (cell.type() != nullptr) seen.view.type = cell.type()->name;
    seen.view.state = nameOf(cell.life());
    seen.view.doing = cell.occupation();
    seen.view.depth = cell.depth();
    seen.view.restarts = cell.counters().restarts.load(std::memory_order_relaxed);
    return seen;
}

/// The actors below that one, oldest first.
std::vector<ActorView> below(std::uint64_t parent, std::multimap<std::uint64_t, Seen>& byParent) {
    std::vector<ActorView> views;
    const auto [first, last] = byParent.equal_range(parent);
    for (auto each = first; each != last; ++each) {
        each->second.view.children = below(each->second.id, byParent);
        views.push_back(std::move(each->second.view));
    }
    return views;
}

}  // namespace

}  // namespace detail

SystemStats System::stats() const {
    SystemStats stats;
    std::map<const detail::ActorType*, ActorStats> types;
    for (std::size_t index = 0; index < core_->workers(); ++index) {
        detail::Worker& worker = core_->worker(index);
        const auto visit = [&](detail::Cell& cell) {
            ++stats.alive;
            if (cell.supervision() != nullptr || cell.type() == nullptr) return;  // has no class
            ActorStats own{
                .name = std::string(cell.ownName()), .type = std::string(cell.type()->name), .alive = 1};
            detail::addCounters(cell, own);
            own.depth = cell.depth();
            ActorStats& sum = types[cell.type()];
            ++sum.alive;
            detail::addCounters(cell, sum);
            sum.depth += own.depth;
            if (own.name.empty()) return;
            worker.tallies().addTimes(cell, own);
            stats.actors.push_back(std::move(own));
        };
        worker.visitCells(visit, [&] { worker.tallies().addTo(types); });
    }
    for (auto& [type, sum] : types) {
        sum.type = type->name;
        stats.types.push_back(std::move(sum));
    }
    std::sort(stats.types.begin(), stats.types.end(),
              [](const ActorStats& a, const ActorStats& b) { return a.type < b.type; });
    std::sort(stats.actors.begin(), stats.actors.end(),
              [](const ActorStats& a, const ActorStats& b) { return a.name < b.name; });
    stats.deadLetters = deadLetters().total;
    return stats;
}

std::vector<ActorView> System::inspect(Timeout patience) const {
    std::map<std::uint64_t, detail::Seen> seen;
    for (std::size_t index = 0; index < core_->workers(); ++index) {
        detail::Worker& worker = core_->worker(index);
        std::vector<detail::CellRef> cells;
        worker.visitCells([&](detail::Cell& cell) { cells.push_back(detail::CellRef::share(&cell)); });
        for (const detail::CellRef& cell : cells) {
            detail::Seen each = detail::viewOf(*static_cast<detail::Cell*>(cell.get()));
            seen.emplace(each.id, std::move(each));
        }
        for (auto& [id, text] : detail::descriptionsOf(worker, patience)) {
            const auto found = seen.find(id);
            if (found != seen.end()) found->second.view.description = std::move(text);
        }
    }
    // What has just ended is above nobody: what it had is shown at the top.
    std::multimap<std::uint64_t, detail::Seen> byParent;
    for (auto& [id, each] : seen) {
        const std::uint64_t parent = seen.contains(each.parent) ? each.parent : 0;
        byParent.emplace(parent, std::move(each));
    }
    return detail::below(0, byParent);
}

}  // namespace tempeh::actors

#include "actors/cell.hpp"
#include "actors/cell_extra.hpp"
#include "actors/control.hpp"
#include "actors/runner.hpp"
#include "actors/system_core.hpp"

#include <tempeh/actors/context.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tempeh::actors::detail {

CellRef spawnChild(Cell& parent, SpawnOptions options, const BehaviourPlan& plan) {
    CellRef ref = parent.system().makeCell(parent.worker(), options, &plan);
    auto& cell = *static_cast<Cell*>(ref.get());
    parent.adopt(cell);
    cell.launch();
    Cell::start(ref);
    return ref;
}

CellRef findCell(Cell& cell, std::string_view name, const std::type_info& actor) {
    return findByName(cell.system(), name, actor);
}

void stopCell(Cell& cell) noexcept {
    cell.stopSelf();
}

void watchCell(Cell& watcher, CellRef watched, EnvelopePtr down) {
    auto& known = watcher.extra().watched;
    if (std::find(known.begin(), known.end(), watched) != known.end()) return;
    known.reserve(known.size() + 1);
    if (!watched) {
        known.push_back(watched);
        messageOf<Down>(*down).reason = Errc::NotFound;
        return sendUrgent(CellRef::share(&watcher), std::move(down));
    }
    auto& cell = *static_cast<Cell*>(watched.get());
    struct Request {
        CellRef watcher;
        EnvelopePtr down;
    };
    auto request = std::make_shared<Request>(Request{CellRef::share(&watcher), std::move(down)});
    const auto add = [request](Cell& target) {
        untilThereIsMemory([&] {
            auto& watchers = target.extra().watchers;
            watchers.reserve(watchers.size() + 1);
            watchers.push_back({std::move(request->watcher), std::move(request->down)});
        });
    };
    known.push_back(watched);
    if (cell.worker().isHere() && !cell.isOver()) return add(cell);
    sendControl(std::move(watched), add, [request](Cell&) {
        messageOf<Down>(*request->down).reason = Errc::NotFound;
        sendUrgent(std::move(request->watcher), std::move(request->down));
    });
}

void CellExtra::Timer::onPassed(Deadline& deadline, Worker& worker) noexcept {
    auto& timer = static_cast<Timer&>(deadline);
    Cell& cell = timer.cell_;
    if (timer.period_ == Duration::zero()) {
        EnvelopePtr message = std::move(timer.message_);
        cancelTimer(cell, timer.number_);  // `timer` is gone
        static_cast<void>(deliver(cell, std::move(message)));
        return;
    }
    // From when it was due, so that it does not drift; what was missed is left out.
    const TimePoint now = worker.time().now();
    TimePoint when = timeAfter(timer.when, timer.period_);
    if (when <= now) when += (now - when) / timer.period_ * timer.period_ + timer.period_;
    worker.set(timer, when);
    try {
        static_cast<void>(deliver(cell, EnvelopePtr(timer.message_->ops->clone(*timer.message_))));
    } catch (const std::exception&) {
        return;  // no memory this time
    }
}

std::uint64_t startTimer(Cell& cell, EnvelopePtr message, Duration delay, bool repeats) {
    CellExtra& extra = cell.extra();
    const Duration period =
        !repeats ? Duration::zero() : std::max<Duration>(delay, std::chrono::microseconds(1));
    extra.timers.push_back(
        std::make_unique<CellExtra::Timer>(cell, ++extra.lastTimer, std::move(message), period));
    Worker& worker = cell.worker();
    worker.set(*extra.timers.back(), timeAfter(worker.time().now(), std::max(delay, Duration::zero())));
    return extra.lastTimer;
}

bool cancelTimer(Cell& cell, std::uint64_t number) noexcept {
    CellExtra* const extra = cell.extraIfAny();
    if (extra == nullptr) return false;
    const auto found = std::find_if(extra->timers.begin(), extra->timers.end(),
                                    [number](const auto& timer) { return timer->number() == number; });
    if (found == extra->timers.end()) return false;
    cell.worker().unset(**found);
    extra->timers.erase(found);
    return true;
}

void startTask(Cell& cell, asio::awaitable<void> task) {
    CellExtra& extra = cell.extra();
    Runner& runner = cell.worker().takeRunner();
    runner.nextTask = std::exchange(extra.firstTask, &runner);
    try {
        runner.runTask(cell, std::move(task));
    } catch (...) {
        extra.firstTask = runner.nextTask;
        throw;
    }
}

CellRef selfOf(Cell& cell) noexcept {
    return CellRef::share(&cell);
}

CellRef senderOf(Cell& cell) noexcept {
    return cell.current() == nullptr ? CellRef() : CellRef::share(cell.current()->sender);
}

Arena& arenaOf(Cell& cell) {
    Envelope* const message = cell.current();
    if (message == nullptr) throw Error(Errc::NotFound, "no message is being handled");
    if (!message->arena) message->arena = cell.system().arenas().get();
    return message->arena;
}

asio::any_io_executor executorOfActor(Cell& cell) {
    return cell.worker().executor();
}

SystemCore& systemOf(Cell& cell) noexcept {
    return cell.system();
}

const MessageOps& handlerFor(const Cell& cell, const std::type_info& message, std::string_view name) {
    const MessageOps* const ops = cellOps(cell, message);
    if (ops == nullptr)
        throw Error(Errc::NotFound, fmt::format("{} has no handle({})", cell.type()->name, name));
    return *ops;
}

}  // namespace tempeh::actors::detail

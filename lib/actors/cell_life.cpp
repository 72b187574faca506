#include "actors/cell.hpp"
#include "actors/cell_extra.hpp"
#include "actors/control.hpp"
#include "actors/out_of_memory.hpp"
#include "actors/runner.hpp"
#include "actors/supervision.hpp"
#include "actors/system_core.hpp"
#include "actors/topic_core.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

namespace tempeh::actors::detail {

void Cell::launch() noexcept {
    count.fetch_add(reference, std::memory_order_relaxed);  // its own, until it is over
    isLaunched_.store(true, std::memory_order_release);
    system_->onCellBorn();
    worker_.enlist(*this);
    if (isRoot && system_->isStopping()) system_->stopCell(*this);
    if (supervision_ == nullptr) return;
    for (const CellRef& child : supervision_->children())
        static_cast<Cell*>(child.get())->launch();
}

void Cell::start(CellRef ref) noexcept {
    auto& cell = *static_cast<Cell*>(ref.get());
    if (cell.worker_.isHere()) return cell.wantRun();
    sendControl(std::move(ref), [](Cell& started) { started.wantRun(); });
}

void Cell::beSupervised(Cell& supervisor, std::size_t index) noexcept {
    isSupervised_ = true;
    isRoot = false;
    childIndex = index;
    parent = &supervisor;
    parentId = supervisor.id();
    life_.store(Life::Down, std::memory_order_release);
}

void Cell::supervise(std::unique_ptr<Supervision> supervision, const ActorType* members) noexcept {
    supervision_ = std::move(supervision);
    isPool_ = members != nullptr;
    type_ = members;
}

CellExtra& Cell::extra() {
    if (extra_ == nullptr) extra_ = std::make_unique<CellExtra>();
    return *extra_;
}

void Cell::construct() noexcept {
    if (std::exchange(wasStarted_, true)) bump(counters_.restarts);
    try {
        if (behaviour_ != nullptr) {
            behaviour_->construct(context_);
            hasInstance_ = true;
        }
        life_.store(Life::Alive, std::memory_order_release);
    } catch (...) {
        const std::string what = whatOf(std::current_exception());
        return fail(inWords([&] { return "its constructor threw: " + what; }));
    }
    if (supervision_ != nullptr)
        supervision_->begin();
    else if (isSupervised_)
        Supervision::tellStarted(*this);
}

void Cell::fail(std::string text) noexcept {
    if (life() == Life::Stopping || life() == Life::Stopped) return;
    system_->logFailure(*this, text);
    if (!isSupervised_) return stop(Ending{Errc::HandlerFailed, std::move(text), true});
    life_.store(Life::Failed, std::memory_order_release);
    Supervision::tellFailed(*this, std::move(text));
}

void Cell::stopSelf() noexcept {
    // In the handler, or in the constructor: afterwards.
    if (isOnStack_ || (here.runner != nullptr && here.runner == handler_)) {
        mustStop_ = true;
        return;
    }
    sendControl(CellRef::share(this), [](Cell& cell) {
        cell.stop(Ending{Errc::Stopped, {}, !cell.isSupervised_});
    });
}

void Cell::stop(Ending ending) noexcept {
    const CellRef keep = CellRef::share(this);
    const Life now = life();
    if (now == Life::Stopped) return;
    if (now == Life::Down) {
        if (ending.isForGood) finalise();
        return;
    }
    if (now == Life::Stopping) {
        endsForGood_ |= ending.isForGood;
        if (ending.isForGood) isClosed_.store(true, std::memory_order_release);
        return;
    }
    endsForGood_ = ending.isForGood;
    endReason_ = ending.reason;
    try {
        if (!ending.text.empty() || extra_ != nullptr) extra().endText = std::move(ending.text);
    } catch (const std::bad_alloc&) {
        // Watchers hear the reason alone; there are none, as they are in what there is no memory for.
    }
    if (endsForGood_) isClosed_.store(true, std::memory_order_release);
    life_.store(Life::Stopping, std::memory_order_release);
    mustStop_ = false;
    forgetSurroundings();
    if (supervision_ != nullptr)
        supervision_->stopAll();
    else
        stopChildren();
    if (work_.load(std::memory_order_relaxed) == Work::Suspended) limitHandler();
    tryToEnd();
}

/// Watches, timers, subscriptions and tasks go with the instance that made them.
void Cell::forgetSurroundings() noexcept {
    while (Node* node = urgent_.pop())
        disposeEnvelope(static_cast<Envelope&>(*node));
    if (extra_ == nullptr) return;
    for (CellRef& watched : std::exchange(extra_->watched, {})) {
        if (!watched) continue;
        sendControl(std::move(watched), [me = CellRef::share(this)](Cell& cell) {
            if (CellExtra* const extra = cell.extraIfAny(); extra != nullptr)
                std::erase_if(extra->watchers, [&](const auto& watcher) { return watcher.cell == me; });
        });
    }
    for (const auto& timer : extra_->timers)
        worker_.unset(*timer);
    extra_->timers.clear();
    for (const auto& topic : extra_->topics)
        topic->unsubscribe(*this);
    extra_->topics.clear();
    Runner* following = nullptr;
    for (Runner* task = extra_->firstTask; task != nullptr; task = following) {
        following = task->nextTask;
        task->cancel();
    }
}

void Cell::limitHandler() noexcept {
    try {
        CellExtra::StopDeadline& deadline = extra().stopDeadline;
        deadline.cell = this;
        deadline.passed = &Cell::onStopTimeout;
        const Duration allowed = std::min(stopTimeout_, system_->longestStop());
        worker_.unset(deadline);
        worker_.set(deadline, timeAfter(worker_.time().now(), allowed));
    } catch (const std::bad_alloc&) {
        handler_->cancel();
    }
}

void Cell::onStopTimeout(Deadline& deadline, Worker&) noexcept {
    Cell& cell = *static_cast<CellExtra::StopDeadline&>(deadline).cell;
    if (cell.handler_ != nullptr) cell.handler_->cancel();
}

void Cell::stopChildren() noexcept {
    Cell* previous = nullptr;
    for (Cell* child = lastChild_; child != nullptr; child = previous) {
        previous = child->previousSibling;
        sendControl(CellRef::share(child), [](Cell& cell) { cell.stop(Ending{Errc::Stopped, {}, true}); });
    }
}

void Cell::tryToEnd() noexcept {
    const Work work = work_.load(std::memory_order_relaxed);
    if (life() != Life::Stopping || work == Work::Running || work == Work::Suspended) return;
    if (firstChild_ != nullptr || (supervision_ != nullptr && !supervision_->isDown())) return;
    if (extra_ != nullptr && extra_->firstTask != nullptr) return;
    if (extra_ != nullptr) worker_.unset(extra_->stopDeadline);
    destroyInstance();
    life_.store(Life::Down, std::memory_order_release);
    if (endsForGood_) return finalise();
    Supervision::tellDown(*this);
}

void Cell::destroyInstance() noexcept {
    if (!std::exchange(hasInstance_, false)) return;
    const HereScope scope(Here{&worker_, this, nullptr});
    behaviour_->destroy();
    forgetSurroundings();  // what its destructor asked for
}

void Cell::startAgain() noexcept {
    if (life() != Life::Down) return;
    mustStop_ = false;
    life_.store(Life::Starting, std::memory_order_release);
    wantRun();
}

void Cell::finalise() noexcept {
    if (life() == Life::Stopped) return;
    isClosed_.store(true, std::memory_order_release);
    if (supervision_ != nullptr && !supervision_->areAllOver()) {
        life_.store(Life::Stopping, std::memory_order_release);
        return supervision_->finaliseAll();
    }
    const CellRef keep = CellRef::share(this);
    life_.store(Life::Stopped, std::memory_order_release);
    dropMailbox(system_->isStopping() ? Errc::ShuttingDown : Errc::Stopped);
    system_->forgetName(*this);
    tellWatchers();
    worker_.strike(*this);
    if (parent != nullptr) {
        if (isSupervised_)
            Supervision::tellOver(*this);
        else
            parent->onChildOver(*this);
    }
    system_->onCellOver();
    if (localReferences_ != 0 || work_.load(std::memory_order_relaxed) == Work::Queued)
        mayGo_ = true;
    else
        letGo();
}

void Cell::dropMailbox(Errc reason) noexcept {
    while (Node* node = urgent_.pop())
        buryEnvelope(static_cast<Envelope&>(*node), *this, reason);
    while (Node* node = mailbox_.pop())
        buryEnvelope(static_cast<Envelope&>(*node), *this, reason);
    queued_.store(0, std::memory_order_relaxed);
    if (extra_ == nullptr) return;
    while (Node* node = extra_->waitingForRoom.pop())
        buryEnvelope(static_cast<Envelope&>(*node), *this, reason);
}

void Cell::tellWatchers() noexcept {
    if (extra_ == nullptr) return;
    const std::string text = std::move(extra_->endText);
    const Errc reason =
        endReason_ == Errc::Stopped && system_->isStopping() ? Errc::ShuttingDown : endReason_;
    for (CellExtra::Watcher& watcher : std::exchange(extra_->watchers, {})) {
        auto& down = messageOf<Down>(*watcher.down);
        down.reason = reason;
        down.text = inWords([&] { return std::string(text); });
        sendUrgent(std::move(watcher.cell), std::move(watcher.down));
    }
}

void Cell::letGo() noexcept {
    mayGo_ = false;
    static_cast<void>(CellRef::adopt(this));
}

void Cell::endAtOnce() noexcept {
    if (life() == Life::Stopped) return;
    isClosed_.store(true, std::memory_order_release);
    forgetSurroundings();
    if (extra_ != nullptr) worker_.unset(extra_->stopDeadline);
    endsForGood_ = true;
    while (firstChild_ != nullptr)
        disown(*firstChild_);
    parent = nullptr;
    isSupervised_ = false;
    supervision_.reset();
    life_.store(Life::Stopping, std::memory_order_release);
    tryToEnd();  // unless its coroutines are still there: they go with their context
}

void Cell::adopt(Cell& child) noexcept {
    child.parent = this;
    child.parentId = id_;
    child.isRoot = false;
    child.previousSibling = lastChild_;
    (lastChild_ == nullptr ? firstChild_ : lastChild_->nextSibling) = &child;
    lastChild_ = &child;
}

void Cell::disown(Cell& child) noexcept {
    (child.previousSibling == nullptr ? firstChild_ : child.previousSibling->nextSibling) = child.nextSibling;
    (child.nextSibling == nullptr ? lastChild_ : child.nextSibling->previousSibling) = child.previousSibling;
    child.parent = child.previousSibling = child.nextSibling = nullptr;
}

void Cell::onChildOver(Cell& child) noexcept {
    disown(child);
    if (life() == Life::Stopping && !isOnStack_) tryToEnd();
}

void Cell::onTaskOver(Runner& task, const std::exception_ptr& failure) noexcept {
    Runner** link = &extra_->firstTask;
    while (*link != &task)
        link = &(*link)->nextTask;
    *link = task.nextTask;
    if (life() == Life::Stopping) {
        if (!isOnStack_) tryToEnd();
        return;
    }
    if (failure == nullptr || life() != Life::Alive) return;
    // Not now: a handler may be at work.
    const std::string what = whatOf(failure);
    sendControl(CellRef::share(this),
                [text = inWords([&] { return "a task of it threw: " + what; })](Cell& cell) mutable {
                    if (cell.life() == Life::Alive) cell.fail(std::move(text));
                });
}

}  // namespace tempeh::actors::detail

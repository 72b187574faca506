#pragma once

#include "actors/block_stock.hpp"
#include "actors/here.hpp"
#include "actors/inbox.hpp"
#include "actors/node_queue.hpp"
#include "actors/tallies.hpp"
#include "actors/time_port.hpp"

#include <tempeh/actors/detail/ask_base.hpp>
#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/core/detail/context_life.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

namespace tempeh::actors::detail {

class Cell;
class Runner;
class SystemCore;

/// Runs some of a system's actors on one executor, one at a time: those that have something to do in turn,
/// each for a few messages. Everything here belongs to that executor, unless stated otherwise.
class Worker final : public tempeh::detail::ContextDependent, public std::enable_shared_from_this<Worker> {
public:
    /// `isOwn`: the executor is that of a thread of the system's.
    Worker(SystemCore& system, std::size_t index, asio::any_io_executor executor,
           std::unique_ptr<TimePort> time, bool isOwn);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker();

    /// Once, after it is owned by a shared_ptr. Throws std::bad_alloc.
    void watchContext();

    SystemCore& system() const noexcept { return system_; }
    std::size_t index() const noexcept { return index_; }
    /// Null once its context is gone.
    const asio::any_io_executor& executor() const noexcept { return executor_; }
    /// The same, for what must not run inside the call.
    const asio::any_io_executor& laterExecutor() const noexcept { return laterExecutor_; }
    const TimePort& time() const noexcept { return *time_; }
    BlockStock& stock() noexcept { return stock_; }
    /// Any thread. Whether this code runs as part of the worker.
    bool isHere() const noexcept { return here.worker == this; }

    /// Any thread. False: it is closed, and the node is the caller's.
    bool push(Node& node) noexcept;
    bool isClosed() const noexcept { return inbox_.isClosed(); }

    /// What other threads pushed comes before what is done here from now on.
    void takeArrivals() noexcept {
        if (!inbox_.isEmpty()) runArrivals();
    }
    /// The actor has something to do.
    void makeReady(Cell& cell) noexcept;
    /// Has `node.run` called once the code that runs now has returned.
    void runLater(Node& node) noexcept;
    /// Sees to it that a turn comes, if there is something to do.
    void wantTurn() noexcept;

    void set(Deadline& deadline, TimePoint when) noexcept;
    void unset(Deadline& deadline) noexcept;
    /// The timer's.
    void onTime() noexcept;

    /// A coroutine that waits for something to run.
    Runner& takeRunner();
    void giveRunner(Runner& runner) noexcept;
    void forgetRunner(Runner& runner) noexcept;

    /// Any thread: the living cells.
    void enlist(Cell& cell) noexcept;
    void strike(Cell& cell) noexcept;
    template <typename Visit>
    void visitCells(Visit visit) {
        visitCells(visit, [] {});
    }
    /// `last` is called once, with the same lock: no cell ends in between.
    template <typename Visit, typename Last>
    void visitCells(Visit visit, Last last) {
        const base::MutexLock lock(cellsMutex_);
        for (Cell* cell = firstCell_; cell != nullptr; cell = nextOf(*cell))
            visit(*cell);
        last();
    }
    Tallies& tallies() noexcept { return tallies_; }

    /// False, on a caller's executor: some thread runs this worker, or it was left.
    bool tryEnter() noexcept { return isOwn_ || !isEntered_.exchange(true, std::memory_order_acq_rel); }
    void leave() noexcept { isEntered_.store(false, std::memory_order_release); }
    /// Takes no more work: what has not ended is ended without running. `isContextGone`: its coroutines are
    /// destroyed by the context.
    void close(bool isContextGone) noexcept;

    void onContextGone(const tempeh::detail::ContextLife& life) noexcept override;

private:
    class Turn;
    struct Sooner {
        bool operator()(const Deadline& a, const Deadline& b) const noexcept { return a.when < b.when; }
    };
    using Deadlines = boost::intrusive::multiset<Deadline, boost::intrusive::compare<Sooner>,
                                                 boost::intrusive::constant_time_size<false>>;

    void turn() noexcept;
    void runArrivals() noexcept;
    void runNodes(Node* first) noexcept;
    void postTurn() noexcept;
    bool runSome() noexcept;
    void armTimer() noexcept;
    bool hasWork() const noexcept { return !ready_.isEmpty() || !later_.isEmpty(); }
    static Cell* nextOf(Cell& cell) noexcept;

    SystemCore& system_;
    const std::size_t index_;
    asio::any_io_executor executor_;
    asio::any_io_executor laterExecutor_;
    const std::unique_ptr<TimePort> time_;
    const bool isOwn_;
    std::shared_ptr<tempeh::detail::ContextLife> life_;  // null for a thread of the system's

    Inbox inbox_;
    NodeQueue<Cell> ready_;
    NodeQueue<Node> later_;
    std::atomic<bool> isEntered_{false};  // unless isOwn_: by the thread that runs this now
    bool isInTurn_ = false;
    bool isTurnPosted_ = false;

    Deadlines deadlines_;
    TimePoint armedFor_ = TimePoint::max();

    BlockStock stock_;
    std::vector<Runner*> idleRunners_;
    std::size_t runners_ = 0;

    Tallies tallies_;
    base::Mutex cellsMutex_;
    Cell* firstCell_ TEMPEH_GUARDED_BY(cellsMutex_) = nullptr;
    Cell* lastCell_ TEMPEH_GUARDED_BY(cellsMutex_) = nullptr;
};

}  // namespace tempeh::actors::detail

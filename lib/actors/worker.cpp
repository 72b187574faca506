#include "actors/worker.hpp"

#include "actors/cell.hpp"
#include "actors/out_of_memory.hpp"
#include "actors/runner.hpp"
#include "actors/system_core.hpp"

#include <tempeh/core/detail/group_backend.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/require.hpp>

#include <new>
#include <thread>
#include <utility>

namespace tempeh::actors::detail {

namespace {

/// Messages handled before others of the executor get their turn.
constexpr std::size_t messagesPerTurn = 2048;

}  // namespace

WorkerScope::WorkerScope(Worker& worker) noexcept : worker_(worker), outer_(here) {
    if (here.worker != &worker) {
        while (!worker.isClosed() && !(hasEntered_ = worker.tryEnter()))
            std::this_thread::yield();
        if (hasEntered_ && worker.isClosed()) leave();
    } else {
        isIn_ = true;
    }
    isIn_ |= hasEntered_;
    if (isIn_) here = Here{&worker, nullptr, nullptr};
}

WorkerScope::~WorkerScope() {
    here = outer_;
    leave();
}

void WorkerScope::leave() noexcept {
    if (std::exchange(hasEntered_, false)) worker_.leave();
}

/// A turn on its way through the executor. It keeps the system.
class Worker::Turn {
public:
    explicit Turn(Worker& worker) : system_(worker.system_.shared_from_this()), worker_(&worker) {}
    void operator()() noexcept { worker_->turn(); }

private:
    std::shared_ptr<SystemCore> system_;
    Worker* worker_;
};

Worker::Worker(SystemCore& system, std::size_t index, asio::any_io_executor executor,
               std::unique_ptr<TimePort> time, bool isOwn)
    : system_(system)
    , index_(index)
    , executor_(std::move(executor))
    , laterExecutor_(asio::require(executor_, asio::execution::blocking.never))
    , time_(std::move(time))
    , isOwn_(isOwn)
    , stock_(system.depot()) {}

Worker::~Worker() {
    for (Runner* runner : idleRunners_)
        delete runner;
}

void Worker::watchContext() {
    if (isOwn_) return;
    asio::execution_context* const context = tempeh::detail::contextOf(executor_);
    if (context == nullptr) return;
    life_ = tempeh::detail::ContextLife::of(*context);
    life_->add(shared_from_this());
}

bool Worker::push(Node& node) noexcept {
    switch (inbox_.push(node)) {
        case Inbox::Pushed::Queued:
            return true;
        case Inbox::Pushed::Closed:
            return false;
        case Inbox::Pushed::MustWake:
            break;
    }
    postTurn();
    return true;
}

void Worker::postTurn() noexcept {
    if (life_ != nullptr) life_->enter();
    // A node that nobody comes for is taken when the context's end closes this.
    untilThereIsMemory([this] {
        if (life_ == nullptr || !life_->isGone()) asio::post(executor_, Turn(*this));
    });
    if (life_ != nullptr) life_->leave();
}

void Worker::wantTurn() noexcept {
    if (isInTurn_ || isTurnPosted_ || inbox_.isClosed()) return;
    isTurnPosted_ = true;
    inbox_.wakeUp();
    postTurn();
}

void Worker::makeReady(Cell& cell) noexcept {
    ready_.push(cell);
    wantTurn();
}

void Worker::runLater(Node& node) noexcept {
    later_.push(node);
    wantTurn();
}

void Worker::runNodes(Node* first) noexcept {
    while (first != nullptr) {
        Node* const node = first;
        first = node->next;  // running it may free it
        node->run(*node, this);
    }
}

void Worker::runArrivals() noexcept {
    runNodes(inbox_.take());
}

bool Worker::runSome() noexcept {
    std::size_t budget = messagesPerTurn;
    for (;;) {
        takeArrivals();
        while (Node* node = later_.pop())
            node->run(*node, this);
        Cell* const cell = ready_.pop();
        if (cell == nullptr) {
            if (later_.isEmpty() && inbox_.isEmpty()) return false;
            continue;
        }
        const std::size_t handled = cell->run(system_.options().throughput) + 1;
        if (handled >= budget) return true;
        budget -= handled;
    }
}

void Worker::turn() noexcept {
    const WorkerScope entered(*this);
    if (!entered.isIn()) return;
    isTurnPosted_ = false;
    isInTurn_ = true;
    bool isMore = runSome();
    armTimer();
    isInTurn_ = false;
    if (!isMore) isMore = !inbox_.fallAsleep();
    if (!isMore || inbox_.isClosed()) return;
    isTurnPosted_ = true;
    postTurn();
}

void Worker::set(Deadline& deadline, TimePoint when) noexcept {
    deadline.when = when;
    if (when == TimePoint::max()) return;
    deadlines_.insert(deadlines_.end(), deadline);
    if (when < armedFor_ && !isInTurn_) armTimer();
}

void Worker::unset(Deadline& deadline) noexcept {
    if (!deadline.isListed()) return;
    deadlines_.erase(deadlines_.iterator_to(deadline));
    if (deadlines_.empty() && !isInTurn_) armTimer();
}

void Worker::armTimer() noexcept {
    if (deadlines_.empty()) {
        // A timer that nobody needs would keep the caller's context from running out of work.
        if (armedFor_ != TimePoint::max() && !isOwn_) {
            time_->disarm();
            armedFor_ = TimePoint::max();
        }
        return;
    }
    const TimePoint nearest = deadlines_.begin()->when;
    if (nearest >= armedFor_) return;
    untilThereIsMemory([&] { time_->arm(nearest, system_.weak_from_this(), index_); });
    armedFor_ = nearest;
}

void Worker::onTime() noexcept {
    const WorkerScope entered(*this);
    if (!entered.isIn()) return;
    armedFor_ = TimePoint::max();
    const TimePoint now = time_->now();
    const bool wasInTurn = std::exchange(isInTurn_, true);
    while (!deadlines_.empty() && deadlines_.begin()->when <= now) {
        Deadline& deadline = *deadlines_.begin();
        deadlines_.erase(deadlines_.begin());
        deadline.passed(deadline, *this);
    }
    isInTurn_ = wasInTurn;
    armTimer();
    if (hasWork()) wantTurn();
}

Runner& Worker::takeRunner() {
    if (!idleRunners_.empty()) {
        Runner& runner = *idleRunners_.back();
        idleRunners_.pop_back();
        return runner;
    }
    idleRunners_.reserve(runners_ + 1);  // so that none is lost when it comes back
    auto* runner = new Runner(*this);
    ++runners_;
    return *runner;
}

void Worker::giveRunner(Runner& runner) noexcept {
    idleRunners_.push_back(&runner);
}

void Worker::forgetRunner(Runner& runner) noexcept {
    --runners_;
    delete &runner;
}

Cell* Worker::nextOf(Cell& cell) noexcept {
    return cell.nextListed;
}

void Worker::enlist(Cell& cell) noexcept {
    const base::MutexLock lock(cellsMutex_);
    cell.previousListed = lastCell_;
    cell.nextListed = nullptr;
    (lastCell_ == nullptr ? firstCell_ : lastCell_->nextListed) = &cell;
    lastCell_ = &cell;
}

void Worker::strike(Cell& cell) noexcept {
    const base::MutexLock lock(cellsMutex_);
    (cell.previousListed == nullptr ? firstCell_ : cell.previousListed->nextListed) = cell.nextListed;
    (cell.nextListed == nullptr ? lastCell_ : cell.nextListed->previousListed) = cell.previousListed;
    tallies_.noteOver(cell);
}

void Worker::close(bool isContextGone) noexcept {
    const HereScope scope(Here{this, nullptr, nullptr});
    isInTurn_ = true;    // so that nothing is posted
    deadlines_.clear();  // before others complete what waits here
    runNodes(inbox_.close());
    while (Node* node = later_.pop())
        node->run(*node, this);
    std::vector<CellRef> cells;
    untilThereIsMemory([&] {
        cells.clear();
        visitCells([&](Cell& cell) { cells.push_back(CellRef::share(&cell)); });
    });
    while (!cells.empty()) {
        static_cast<Cell*>(cells.back().get())->endAtOnce();
        cells.pop_back();
    }
    while (Node* node = later_.pop())
        node->run(*node, this);
    while (Cell* cell = ready_.pop())
        static_cast<void>(cell->run(0));
    while (Node* node = later_.pop())
        node->run(*node, this);
    deadlines_.clear();
    time_->disarm();
    for (Runner* runner : std::exchange(idleRunners_, {}))
        isContextGone ? runner->drop() : runner->finish();
    if (!isContextGone) return;
    // What they refer to goes with the context.
    time_->leaveContext();
    executor_ = asio::any_io_executor();
    laterExecutor_ = asio::any_io_executor();
}

void Worker::onContextGone(const tempeh::detail::ContextLife&) noexcept {
    const std::shared_ptr<SystemCore> keep = system_.weak_from_this().lock();
    if (!inbox_.isClosed() && keep != nullptr) close(true);
}

}  // namespace tempeh::actors::detail

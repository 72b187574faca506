#include "actors/system_core.hpp"

#include "actors/control.hpp"
#include "actors/topic_core.hpp"
#include "actors/worker_thread.hpp"
#include "base/entropy.hpp"

#include <tempeh/core/ampe.hpp>

#include <boost/asio/strand.hpp>
#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <new>
#include <utility>

namespace tempeh::actors::detail {

namespace {

std::shared_ptr<spdlog::logger> makeLogger() {
    auto logger =
        std::make_shared<spdlog::logger>("tempeh.actors", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_level(spdlog::level::warn);
    return logger;
}

/// Unique in the process, so that the ids of two systems differ.
std::atomic<std::uint64_t>& idSource() noexcept {
    static std::atomic<std::uint64_t> source{1};
    return source;
}

}  // namespace

/// The end of a stop's time on the clock of the first worker, which sets and unsets it.
class SystemCore::StopLimit final : public Deadline, public Node {
public:
    explicit StopLimit(SystemCore& system) noexcept : system_(system) {
        passed = [](Deadline& deadline, Worker&) noexcept {
            static_cast<StopLimit&>(deadline).system_.reportStop();
        };
        run = [](Node& limit, Worker* worker) noexcept {
            auto& self = static_cast<StopLimit&>(limit);
            self.isUnderWay_ = false;
            if (!self.isOver_ && !self.isListed()) worker->set(self, self.until_);
            if (self.isOver_) worker->unset(self);
        };
    }
    bool isSet() const noexcept { return isSet_; }
    /// The first one counts.
    void start(TimePoint until) noexcept {
        if (isSet_.exchange(true)) return;
        until_ = until;
        tell();
    }
    void end() noexcept {
        isOver_ = true;
        tell();
    }

private:
    void tell() noexcept {
        if (isUnderWay_.exchange(true)) return;
        Worker& worker = system_.worker(0);
        if (worker.isHere())
            worker.runLater(*this);
        else
            static_cast<void>(worker.push(*this));
    }

    SystemCore& system_;
    TimePoint until_ = TimePoint::max();
    std::atomic<bool> isSet_{false};
    std::atomic<bool> isUnderWay_{false};
    std::atomic<bool> isOver_{false};
};

SystemCore::SystemCore(SystemOptions options, std::uint64_t seed)
    : options_(std::move(options))
    , seed_(seed)
    , logger_(options_.logger != nullptr ? options_.logger : makeLogger())
    , deadLetters_(options_.deadLetters) {}

SystemCore::~SystemCore() {
    StopWaiter* waiter = takeStopWaiters();
    while (waiter != nullptr)
        std::exchange(waiter, waiter->next)->onStopped(StopReport());
}

StopWaiter* SystemCore::takeStopWaiters() noexcept {
    const base::MutexLock lock(mutex_);
    return std::exchange(firstStopWaiter_, nullptr);
}

void SystemCore::addWorker(asio::any_io_executor executor, std::unique_ptr<TimePort> time, bool isOwn) {
    workers_.push_back(
        std::make_shared<Worker>(*this, workers_.size(), std::move(executor), std::move(time), isOwn));
    workers_.back()->watchContext();
}

std::shared_ptr<SystemCore> SystemCore::onThreads(SystemOptions options) {
    if (options.threads == 0)
        throw Error(Errc::Refused, "SystemOptions::threads is 0; it must be at least 1");
    if (options.throughput == 0)
        throw Error(Errc::Refused, "SystemOptions::throughput is 0; it must be at least 1");
    auto core = std::make_shared<SystemCore>(std::move(options), base::entropySeed());
    for (std::size_t i = 0; i < core->options_.threads; ++i) {
        core->contexts_.push_back(std::make_unique<Context>());
        const asio::any_io_executor executor = core->contexts_.back()->io.get_executor();
        core->addWorker(executor, makeSteadyTime(executor), true);
    }
    core->threads_.reserve(core->options_.threads);
    try {
        for (std::size_t i = 0; i < core->options_.threads; ++i)
            core->threads_.push_back(
                startWorkerThread([context = core->contexts_[i].get()] { context->run(); }));
    } catch (...) {
        core->join();
        throw;
    }
    return core;
}

std::shared_ptr<SystemCore> SystemCore::on(const asio::any_io_executor& executor, SystemOptions options) {
    auto core = std::make_shared<SystemCore>(std::move(options), base::entropySeed());
    const asio::any_io_executor strand = asio::make_strand(executor);
    core->addWorker(strand, makeSteadyTime(strand), false);
    core->stopLimit_ = std::make_unique<StopLimit>(*core);
    return core;
}

std::shared_ptr<SystemCore> SystemCore::on(Ampe& engine, SystemOptions options) {
    auto core = std::make_shared<SystemCore>(std::move(options), engine.randomSeed());
    asio::any_io_executor executor;
    auto time = makeEngineTime(engine, executor);
    core->addWorker(executor, std::move(time), false);
    core->stopLimit_ = std::make_unique<StopLimit>(*core);
    return core;
}

void SystemCore::Context::run() {
    for (;;) {
        try {
            io.run();
            return;
        } catch (const std::bad_alloc&) {
            continue;  // the coroutine for whose wait Asio had no memory is gone, and its handler has failed
        }
    }
}

Worker& SystemCore::nextWorker() noexcept {
    return *workers_[nextWorker_.fetch_add(1, std::memory_order_relaxed) % workers_.size()];
}

std::uint64_t SystemCore::nextId() noexcept {
    return idSource().fetch_add(1, std::memory_order_relaxed);
}

bool SystemCore::isHere() const noexcept {
    return here.worker != nullptr && &here.worker->system() == this;
}

CellRef SystemCore::makeCell(Worker& worker, const SpawnOptions& options, const BehaviourPlan* plan) {
    if (isStopping()) throw Error(Errc::ShuttingDown, "nothing can be spawned any more");
    CellRef ref = Cell::make(worker, options, plan);
    if (options.name.empty()) return ref;
    const base::MutexLock lock(mutex_);
    if (!names_.try_emplace(options.name, static_cast<Cell*>(ref.get())).second)
        throw Error(Errc::Refused, fmt::format("the name '{}' is in use", options.name));
    return ref;
}

void SystemCore::forgetName(const Cell& cell) noexcept {
    if (cell.ownName().empty()) return;
    const base::MutexLock lock(mutex_);
    const auto found = names_.find(cell.ownName());
    if (found != names_.end() && found->second == &cell) names_.erase(found);
}

CellRef SystemCore::find(std::string_view name) const {
    const base::MutexLock lock(mutex_);
    const auto found = names_.find(name);
    return found == names_.end() || !found->second->isLaunched() ? CellRef() : CellRef::share(found->second);
}

std::vector<CellRef> SystemCore::all(const std::type_info* actor) {
    std::vector<CellRef> cells;
    for (const auto& worker : workers_)
        worker->visitCells([&](Cell& cell) {
            if (actor == nullptr || (!cell.isPool() && isCellOf(&cell, *actor)))
                cells.push_back(CellRef::share(&cell));
        });
    std::sort(cells.begin(), cells.end(),
              [](const CellRef& a, const CellRef& b) { return cellId(a.get()) < cellId(b.get()); });
    return cells;
}

std::shared_ptr<TopicCore> SystemCore::topic(std::string_view name, const std::type_info& type) {
    const base::MutexLock lock(mutex_);
    auto found = topics_.find(name);
    if (found == topics_.end())
        found = topics_.emplace(std::string(name), std::make_shared<TopicCore>(type)).first;
    if (found->second->type() != type)
        throw Error(Errc::Refused, fmt::format("the topic '{}' is of another type", name));
    return found->second;
}

void SystemCore::stopCell(Cell& cell) noexcept {
    sendControl(CellRef::share(&cell), [](Cell& stopped) {
        stopped.stop(Cell::Ending{Errc::ShuttingDown, {}, true});
    });
}

void SystemCore::stop(Duration timeout, StopWaiter* waiter) noexcept {
    // The handlers end before the time is over, and their actors with them.
    longestStop_.store(timeout == infinite ? Duration::max().count() : (timeout / 4 * 3).count(),
                       std::memory_order_relaxed);
    if (waiter != nullptr) {
        const base::MutexLock lock(mutex_);
        waiter->next = std::exchange(firstStopWaiter_, waiter);
    }
    onCellBorn();  // so that the last one does not report before all were told
    isStopping_.store(true, std::memory_order_seq_cst);
    for (const auto& worker : workers_)
        worker->visitCells([](Cell& cell) {
            if (cell.isRoot) stopCell(cell);
        });
    onCellOver();
}

void SystemCore::limitStop(Duration timeout) noexcept {
    stopLimit_->start(timeAfter(workers_[0]->time().now(), timeout));
}

/// Comes out of a worker's inbox behind everything that was sent before.
class SystemCore::LastCall final : public Node {
public:
    LastCall(std::shared_ptr<SystemCore> system, std::shared_ptr<std::atomic<std::size_t>> left) noexcept
        : system_(std::move(system)), left_(std::move(left)) {
        run = [](Node& last, Worker*) noexcept {
            const std::unique_ptr<LastCall> self(&static_cast<LastCall&>(last));
            if (self->left_->fetch_sub(1, std::memory_order_acq_rel) == 1) self->system_->reportStop();
        };
    }

private:
    std::shared_ptr<SystemCore> system_;
    std::shared_ptr<std::atomic<std::size_t>> left_;
};

void SystemCore::onCellOver() noexcept {
    if (alive_.fetch_sub(1, std::memory_order_acq_rel) != 1 || !isStopping()) return;
    try {
        // What was sent to them has its outcome, and is counted, before they are reported.
        const auto left = std::make_shared<std::atomic<std::size_t>>(workers_.size());
        std::vector<std::unique_ptr<LastCall>> calls;
        for (std::size_t i = 0; i < workers_.size(); ++i)
            calls.push_back(std::make_unique<LastCall>(shared_from_this(), left));
        for (std::size_t i = 0; i < workers_.size(); ++i) {
            LastCall* const call = calls[i].release();
            if (!workers_[i]->push(*call)) call->run(*call, nullptr);
        }
    } catch (const std::bad_alloc&) {
        reportStop();
    }
}

void SystemCore::reportStop() noexcept {
    StopWaiter* waiter = takeStopWaiters();
    while (waiter != nullptr)
        std::exchange(waiter, waiter->next)->onStopped(makeReport());
    if (stopLimit_ != nullptr && stopLimit_->isSet()) stopLimit_->end();
}

StopReport SystemCore::makeReport() noexcept {
    StopReport report;
    report.complete = alive_.load() == 0;
    try {
        for (const CellRef& ref : all(nullptr)) {
            const auto& cell = *static_cast<Cell*>(ref.get());
            if (cell.supervision() == nullptr) report.stragglers.push_back({cell.name(), cell.occupation()});
        }
    } catch (const std::bad_alloc&) {
        return report;  // it names those that there was memory for
    }
    report.complete &= report.stragglers.empty();
    return report;
}

void SystemCore::leave() noexcept {
    for (const auto& worker : workers_) {
        if (worker->isHere() || worker->isClosed() || !worker->tryEnter()) continue;
        worker->close(false);
        worker->leave();
    }
}

void SystemCore::join() noexcept {
    for (const auto& context : contexts_) {
        context->work.reset();
        context->io.stop();
    }
    for (std::thread& thread : threads_)
        thread.join();
    threads_.clear();
    for (const auto& worker : workers_)
        worker->close(false);
    for (const auto& context : contexts_) {
        // What it still has refers to this system, and would keep it.
        context->io.restart();
        context->io.poll();
    }
}

void SystemCore::bury(const Envelope& envelope, const Cell& target, Errc reason) noexcept {
    try {
        const std::string from = envelope.sender == nullptr ? std::string() : envelope.sender->name();
        logger_->log(reason == Errc::ShuttingDown ? spdlog::level::debug : spdlog::level::info,
                     "dead letter: {} for {} from {}: {}", envelope.ops->name, target.name(),
                     from.empty() ? "no actor" : from, nameOf(reason));
        deadLetters_.add(
            {from, target.name(), std::string(envelope.ops->name), reason, target.worker().time().now()});
    } catch (const std::exception&) {
        deadLetters_.add({{}, {}, {}, reason, {}});
    }
}

void SystemCore::logFailure(const Cell& cell, std::string_view text) noexcept {
    try {
        logger_->warn("{} failed: {}", cell.name(), text);
    } catch (const std::exception&) {
        return;  // there is no place left to say it
    }
}

}  // namespace tempeh::actors::detail

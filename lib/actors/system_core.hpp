#pragma once

#include "actors/block_stock.hpp"
#include "actors/dead_letter_box.hpp"
#include "actors/stop_waiter.hpp"
#include "actors/worker.hpp"

#include <tempeh/actors/dead_letter.hpp>
#include <tempeh/actors/options.hpp>
#include <tempeh/actors/system.hpp>
#include <tempeh/base/detail/mutex.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <typeinfo>
#include <unordered_map>
#include <vector>

namespace tempeh::actors::detail {

/// A system's parts, shared by the System and by everything that refers to one of its actors. Any thread,
/// unless stated otherwise.
class SystemCore final : public std::enable_shared_from_this<SystemCore> {
public:
    static std::shared_ptr<SystemCore> onThreads(SystemOptions options);
    static std::shared_ptr<SystemCore> on(const asio::any_io_executor& executor, SystemOptions options);
    static std::shared_ptr<SystemCore> on(Ampe& engine, SystemOptions options);
    SystemCore(SystemOptions options, std::uint64_t seed);
    SystemCore(const SystemCore&) = delete;
    SystemCore& operator=(const SystemCore&) = delete;
    ~SystemCore();

    const SystemOptions& options() const noexcept { return options_; }
    BlockDepot& depot() noexcept { return depot_; }
    ArenaPool& arenas() noexcept { return arenas_; }
    Worker& worker(std::size_t index) noexcept { return *workers_[index]; }
    std::size_t workers() const noexcept { return workers_.size(); }
    /// The next in turn.
    Worker& nextWorker() noexcept;
    std::uint64_t nextId() noexcept;
    std::uint64_t randomSeed() const noexcept { return seed_; }
    /// Nanoseconds on the worker's clock.
    static std::int64_t clock(const Worker& worker) noexcept {
        return worker.time().now().time_since_epoch().count();
    }

    /// A cell with its name, not started. Throws Error: Refused when the name is in use, ShuttingDown.
    CellRef makeCell(Worker& worker, const SpawnOptions& options, const BehaviourPlan* plan);
    CellRef find(std::string_view name) const;
    std::vector<CellRef> all(const std::type_info* actor);
    void forgetName(const Cell& cell) noexcept;
    std::shared_ptr<TopicCore> topic(std::string_view name, const std::type_info& type);

    void onCellBorn() noexcept { alive_.fetch_add(1, std::memory_order_relaxed); }
    void onCellOver() noexcept;

    bool isStopping() const noexcept { return isStopping_.load(std::memory_order_relaxed); }
    /// A handler may go on for this long once its system stops.
    Duration longestStop() const noexcept { return Duration(longestStop_.load(std::memory_order_relaxed)); }
    /// Tells every actor to stop. `waiter`, unless null, hears once: when they have ended, or by
    /// reportStop().
    void stop(Duration timeout, StopWaiter* waiter) noexcept;
    static void stopCell(Cell& cell) noexcept;
    /// On a caller's executor: has reportStop() called by the worker's clock.
    void limitStop(Duration timeout) noexcept;
    /// The time is over.
    void reportStop() noexcept;
    /// On a caller's executor that nobody runs now: ends what can be ended here.
    void leave() noexcept;
    /// Own threads: waits for all of them.
    void join() noexcept;
    bool isOnOwnThreads() const noexcept { return !contexts_.empty(); }
    bool isHere() const noexcept;

    const DeadLetterBox& deadLetters() const noexcept { return deadLetters_; }
    void bury(const Envelope& envelope, const Cell& target, Errc reason) noexcept;
    void logFailure(const Cell& cell, std::string_view text) noexcept;

    /// Who waits for whom. Its lock is needed where two workers' actors may meet.
    base::Mutex& waitsMutex() noexcept { return waitsMutex_; }

private:
    struct Context {
        void run();

        asio::io_context io{1};
        asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
    };
    class StopLimit;
    class LastCall;
    void addWorker(asio::any_io_executor executor, std::unique_ptr<TimePort> time, bool isOwn);
    StopReport makeReport() noexcept;
    StopWaiter* takeStopWaiters() noexcept;

    const SystemOptions options_;
    const std::uint64_t seed_;
    std::shared_ptr<spdlog::logger> logger_;
    BlockDepot depot_;
    ArenaPool arenas_;
    DeadLetterBox deadLetters_;
    std::vector<std::unique_ptr<Context>> contexts_;
    std::vector<std::shared_ptr<Worker>> workers_;
    std::vector<std::thread> threads_;

    std::atomic<std::size_t> nextWorker_{0};
    std::atomic<std::size_t> alive_{0};
    std::atomic<bool> isStopping_{false};
    std::atomic<Duration::rep> longestStop_{Duration::max().count()};

    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>()(text);
        }
    };
    mutable base::Mutex mutex_;
    std::unordered_map<std::string, Cell*, Hash, std::equal_to<>> names_ TEMPEH_GUARDED_BY(mutex_);
    std::map<std::string, std::shared_ptr<TopicCore>, std::less<>> topics_ TEMPEH_GUARDED_BY(mutex_);
    StopWaiter* firstStopWaiter_ TEMPEH_GUARDED_BY(mutex_) = nullptr;
    base::Mutex waitsMutex_;
    std::unique_ptr<StopLimit> stopLimit_;  // the first worker's
};

}  // namespace tempeh::actors::detail

#pragma once

namespace tempeh::actors::detail {

class Cell;
class Runner;
class Worker;

/// What runs on this thread.
struct Here {
    Worker* worker = nullptr;  ///< Null: no worker's thread, or none of its turns.
    Cell* cell = nullptr;      ///< The actor whose code runs, unless null.
    Runner* runner = nullptr;  ///< Its coroutine, unless null.
};

inline thread_local constinit Here here;

/// Sets `here` until the end of the scope.
class HereScope {
public:
    explicit HereScope(const Here& now) noexcept : outer_(here) { here = now; }
    ~HereScope() { here = outer_; }
    HereScope(const HereScope&) = delete;
    HereScope& operator=(const HereScope&) = delete;

private:
    const Here outer_;
};

/// Enters a worker until the end of the scope: what runs here runs as part of it, without an actor. Its
/// executor runs one thing at a time, so only the destructor of its system can be in the way, which closes
/// it.
class WorkerScope {
public:
    explicit WorkerScope(Worker& worker) noexcept;
    ~WorkerScope();
    WorkerScope(const WorkerScope&) = delete;
    WorkerScope& operator=(const WorkerScope&) = delete;

    /// False: the worker is closed.
    bool isIn() const noexcept { return isIn_; }

private:
    void leave() noexcept;

    Worker& worker_;
    const Here outer_;
    bool hasEntered_ = false;
    bool isIn_ = false;
};

}  // namespace tempeh::actors::detail

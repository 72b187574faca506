#include "actors/control.hpp"
#include "actors/supervision.hpp"
#include "actors/system_core.hpp"

#include <tempeh/actors/detail/blocking_ask.hpp>
#include <tempeh/actors/system.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <new>
#include <optional>
#include <utility>

namespace tempeh::actors {

namespace detail {

CellRef spawnRoot(SystemCore& system, SpawnOptions options, const BehaviourPlan& plan) {
    Worker& worker = system.isHere() ? *here.worker : system.nextWorker();
    CellRef ref = system.makeCell(worker, options, &plan);
    static_cast<Cell*>(ref.get())->launch();
    Cell::start(ref);
    return ref;
}

CellRef findByName(SystemCore& system, std::string_view name, const std::type_info& actor) {
    CellRef found = system.find(name);
    return isCellOf(found.get(), actor) ? found : CellRef();
}

std::vector<CellRef> allOf(SystemCore& system, const std::type_info& actor) {
    return system.all(&actor);
}

ChildSpec supervisorSpec(SupervisorOptions options, std::vector<ChildSpec> children) {
    ChildSpec spec;
    spec.name = options.name;
    spec.supervisor = std::move(options);
    spec.children = std::move(children);
    return spec;
}

CellRef superviseRoot(SystemCore& system, ChildSpec spec) {
    CellRef ref = makeChild(system, spec, spec.name);
    static_cast<Cell*>(ref.get())->launch();
    Cell::start(ref);
    return ref;
}

Asking<void> askStarted(const CellRef& supervisor, Duration timeout) {
    return {supervisor, EnvelopePtr(), timeout, &startWaitForStart};
}

void tellStop(const CellRef& ref) noexcept {
    if (!ref) return;
    sendControl(ref, [](Cell& cell) {
        // What a supervisor holds is restarted or not as that decides.
        cell.stop(Cell::Ending{Errc::Stopped, {}, cell.parent == nullptr});
    });
}

namespace {

/// The end of a stop's time. Own threads may all be held up, so there it is on the executor of who waits.
class StopTimer {
public:
    StopTimer(asio::any_io_executor executor, Duration timeout, std::weak_ptr<SystemCore> core)
        : executor_(std::move(executor)), timer_(std::make_shared<asio::steady_timer>(executor_, timeout)) {
        timer_->async_wait([core = std::move(core)](error_code ec) {
            const auto system = core.lock();
            if (!ec && system != nullptr) system->reportStop();
        });
    }
    void cancel() const noexcept {
        try {
            asio::post(executor_, [timer = timer_] { timer->cancel(); });
        } catch (const std::bad_alloc&) {
            return;  // it finds nobody who waits
        }
    }

private:
    asio::any_io_executor executor_;
    std::shared_ptr<asio::steady_timer> timer_;
};

class StopAnswer final : public StopWaiter {
public:
    explicit StopAnswer(AskResult<StopReport>& waiting) noexcept : waiting_(waiting) {}
    void limit(const asio::any_io_executor& executor, Duration timeout, std::weak_ptr<SystemCore> core) {
        timer_.emplace(executor, timeout, std::move(core));
    }
    void onStopped(StopReport report) noexcept override {
        const std::unique_ptr<StopAnswer> self(this);
        if (timer_) timer_->cancel();
        if (waiting_.claim()) waiting_.answer(std::move(report));
    }

private:
    AskResult<StopReport>& waiting_;
    std::optional<StopTimer> timer_;
};

}  // namespace

/// A thread that waits for the end.
class StoppedThread final : public StopWaiter {
public:
    void onStopped(StopReport report) noexcept override {
        report_ = std::move(report);
        thread_.wake();
    }
    bool wait(Duration timeout) noexcept { return thread_.wait(timeout); }
    StopReport takeReport() noexcept { return std::move(report_); }

private:
    BlockedThread thread_;
    StopReport report_;
};

void startStop(SystemCore& system, AskResult<StopReport>& waiting, Duration timeout,
               const asio::any_io_executor& executor) noexcept {
    waiting.home = here.worker;
    try {
        auto waiter = std::make_unique<StopAnswer>(waiting);
        if (timeout != infinite && system.isOnOwnThreads())
            waiter->limit(executor, timeout, system.weak_from_this());
        else if (timeout != infinite)
            system.limitStop(timeout);
        system.stop(timeout, waiter.release());
    } catch (const std::bad_alloc&) {
        waiting.failForMemory();  // nothing was stopped
    }
}

}  // namespace detail

System::System(SystemOptions options) : core_(detail::SystemCore::onThreads(std::move(options))) {}
System::System(const asio::any_io_executor& executor, SystemOptions options)
    : core_(detail::SystemCore::on(executor, std::move(options))) {}
System::System(Ampe& engine, SystemOptions options)
    : core_(detail::SystemCore::on(engine, std::move(options))) {}

System::~System() {
    if (core_->isOnOwnThreads()) {
        detail::StoppedThread stopped;
        core_->stop(infinite, &stopped);
        stopped.wait(infinite);
        core_->join();
        return;
    }
    core_->stop(std::chrono::seconds(1), nullptr);
    core_->leave();
}

DeadLetters System::deadLetters() const {
    return core_->deadLetters().snapshot();
}

StopReport System::stopBlocking(Timeout timeout) {
    if (core_->isHere())
        throw Error(Errc::Deadlock, "a thread of the actor system would wait for itself: await stop() there");
    detail::StoppedThread stopped;
    core_->stop(timeout, &stopped);
    if (!stopped.wait(timeout)) {
        core_->reportStop();
        stopped.wait(infinite);
    }
    return stopped.takeReport();
}

}  // namespace tempeh::actors

#include "actors/cell.hpp"
#include "actors/supervision.hpp"
#include "actors/system_core.hpp"

#include <tempeh/actors/detail/blocking_ask.hpp>
#include <tempeh/actors/system.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

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
    void cancel() const {
        asio::post(executor_, [timer = timer_] { timer->cancel(); });
    }

private:
    asio::any_io_executor executor_;
    std::shared_ptr<asio::steady_timer> timer_;
};

}  // namespace

void startStop(SystemCore& system, AskResult<StopReport>& waiting, Duration timeout,
               const asio::any_io_executor& executor) noexcept {
    waiting.home = here.worker;
    const auto answer = [&waiting](StopReport report) {
        if (waiting.claim()) waiting.answer(std::move(report));
    };
    if (timeout == infinite) return system.stop(timeout, answer);
    if (!system.isOnOwnThreads()) {
        system.limitStop(timeout);
        return system.stop(timeout, answer);
    }
    const StopTimer timer(executor, timeout, system.weak_from_this());
    system.stop(timeout, [answer, timer](StopReport report) {
        timer.cancel();
        answer(std::move(report));
    });
}

}  // namespace detail

System::System(SystemOptions options) : core_(detail::SystemCore::onThreads(std::move(options))) {}
System::System(const asio::any_io_executor& executor, SystemOptions options)
    : core_(detail::SystemCore::on(executor, std::move(options))) {}
System::System(Ampe& engine, SystemOptions options)
    : core_(detail::SystemCore::on(engine, std::move(options))) {}

System::~System() {
    if (core_->isOnOwnThreads()) {
        detail::BlockedThread stopped;
        core_->stop(infinite, [&stopped](const StopReport&) { stopped.wake(); });
        stopped.wait(infinite);
        core_->join();
        return;
    }
    core_->stop(std::chrono::seconds(1), [](const StopReport&) {});
    core_->leave();
}

DeadLetters System::deadLetters() const {
    return core_->deadLetters().snapshot();
}

StopReport System::stopBlocking(Timeout timeout) {
    if (core_->isHere())
        throw Error(Errc::Deadlock, "a thread of the actor system would wait for itself: await stop() there");
    struct Waiting {
        detail::BlockedThread thread;
        StopReport report;
    };
    const auto waiting = std::make_shared<Waiting>();
    core_->stop(timeout, [waiting](StopReport report) {
        waiting->report = std::move(report);
        waiting->thread.wake();
    });
    if (!waiting->thread.wait(timeout)) {
        core_->reportStop();
        waiting->thread.wait(infinite);
    }
    return std::move(waiting->report);
}

}  // namespace tempeh::actors

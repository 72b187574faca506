#include "actors/supervision.hpp"

#include "actors/control.hpp"
#include "actors/out_of_memory.hpp"
#include "actors/system_core.hpp"
#include "base/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <thread>
#include <utility>

namespace tempeh::actors::detail {

/// The pause before a restart.
class Supervision::Delay final : public Deadline {
public:
    explicit Delay(Supervision& supervision) noexcept : supervision_(supervision) {
        passed = &Delay::onPassed;
    }
    std::size_t child = 0;

private:
    static void onPassed(Deadline& deadline, Worker&) noexcept {
        auto& self = static_cast<Delay&>(deadline);
        self.supervision_.startChild(self.child, Duration::zero());
    }
    Supervision& supervision_;
};

namespace {

/// Has `act` done to the supervisor of a child.
template <typename Act>
void tellSupervisor(Cell& child, Act act) noexcept {
    sendControl(CellRef::share(child.parent), [act = std::move(act)](Cell& cell) mutable {
        if (cell.supervision() != nullptr) act(*cell.supervision());
    });
}

}  // namespace

Supervision::Supervision(const SupervisorOptions& options, Routing routing)
    : machine_(options.strategy, options.intensity, options.period)
    , routing_(routing)
    , delay_(std::make_unique<Delay>(*this)) {}

Supervision::~Supervision() {
    if (owner_ != nullptr) owner_->worker().unset(*delay_);
    answerWaiting(Errc::Stopped);
}

void Supervision::addChild(CellRef child, const ChildOptions& options) {
    static_cast<Cell*>(child.get())->beSupervised(*owner_, children_.size());
    machine_.addChild(options.restart, options.backoff);
    children_.push_back(std::move(child));
}

void Supervision::begin() noexcept {
    isStarted_ = false;
    machine_.begin();
    go();
}

void Supervision::go() noexcept {
    using Do = SupervisorMachine::Do;
    for (;;) {
        const SupervisorMachine::Action action = machine_.next();
        switch (action.what) {
            case Do::Nothing:
                return;
            case Do::Start:
                startChild(action.child, action.delay);
                break;
            case Do::Stop:
                sendControl(children_[action.child], [](Cell& cell) {
                    cell.stop(Cell::Ending{Errc::Stopped, {}, false});
                });
                break;
            case Do::End:
                sendControl(children_[action.child], [](Cell& cell) { cell.finalise(); });
                break;
            case Do::Started:
                isStarted_ = true;
                answerWaiting(Errc::Success);
                if (owner_->parent != nullptr) tellStarted(*owner_);
                break;
            case Do::GaveUp:
                answerWaiting(Errc::HandlerFailed);
                return owner_->fail(inWords([this] {
                    return fmt::format("more than its {} restarts; the last failure: {}",
                                       machine_.intensity(), lastFailure_);
                }));
            case Do::Down:
                return owner_->tryToEnd();
        }
    }
}

void Supervision::startChild(std::size_t index, Duration delay) noexcept {
    if (delay > Duration::zero()) {
        delay_->child = index;
        return owner_->worker().set(*delay_, timeAfter(owner_->worker().time().now(), delay));
    }
    sendControl(children_[index], [](Cell& cell) { cell.startAgain(); });
}

void Supervision::stopAll() noexcept {
    answerWaiting(Errc::Stopped);
    if (delay_->isListed()) {
        // The one whose pause it is has not been started.
        owner_->worker().unset(*delay_);
        machine_.onDown(delay_->child, owner_->worker().time().now());
    }
    machine_.stop();
    go();
}

void Supervision::finaliseAll() noexcept {
    for (const CellRef& cell : children_)
        sendControl(cell, [](Cell& child) { child.finalise(); });
}

void Supervision::onStarted(AskBase& waiting) noexcept {
    if (machine_.hasGivenUp()) return waiting.fail(Errc::HandlerFailed, lastFailure_);
    if (isStarted_) {
        if (waiting.claim()) waiting.deliverAnswer();
        return;
    }
    try {
        waiting_.push_back(&waiting);
    } catch (const std::bad_alloc&) {
        waiting.fail(Errc::HandlerFailed, "out of memory");
    }
}

void Supervision::answerWaiting(Errc errc) noexcept {
    const std::string_view text =
        errc == Errc::HandlerFailed ? std::string_view(lastFailure_) : "the supervisor was stopped";
    for (AskBase* waiting : std::exchange(waiting_, {})) {
        if (errc != Errc::Success)
            waiting->fail(errc, text);
        else if (waiting->claim())
            waiting->deliverAnswer();
    }
}

void Supervision::tellStarted(Cell& child) noexcept {
    tellSupervisor(child, [index = child.childIndex](Supervision& self) {
        self.machine_.onStarted(index, self.owner_->worker().time().now());
        self.go();
    });
}

void Supervision::tellFailed(Cell& child, std::string text) noexcept {
    tellSupervisor(child, [index = child.childIndex, text = std::move(text)](Supervision& self) {
        self.lastFailure_ = inWords([&] { return fmt::format("{}: {}", self.child(index).name(), text); });
        self.machine_.onFailed(index, self.owner_->worker().time().now());
        self.go();
    });
}

void Supervision::tellDown(Cell& child) noexcept {
    tellSupervisor(child, [index = child.childIndex](Supervision& self) {
        self.machine_.onDown(index, self.owner_->worker().time().now());
        self.go();
        self.owner_->tryToEnd();
    });
}

void Supervision::tellOver(Cell& child) noexcept {
    tellSupervisor(child, [](Supervision& self) {
        ++self.over_;
        if (self.areAllOver() && self.owner_->isClosed()) self.owner_->finalise();
    });
}

Cell& Supervision::memberFor(const Envelope& envelope) noexcept {
    const std::size_t size = children_.size();
    std::size_t first = 0;
    if (routing_ == Routing::ByKey && envelope.ops->routingKey != nullptr) {
        first = envelope.ops->routingKey(envelope) % size;
        return child(first);  // also while it restarts: its messages wait for it, in order
    }
    first = static_cast<std::size_t>(turn_.fetch_add(1, std::memory_order_relaxed));
    if (routing_ == Routing::Random) first = static_cast<std::size_t>(base::Random(first + seed_).next());
    first %= size;
    std::size_t best = size;
    for (std::size_t i = 0; i < size; ++i) {
        const std::size_t index = (first + i) % size;
        if (child(index).isClosed() || (child(index).life() != Life::Alive && best != size)) continue;
        const bool isUp = child(index).life() == Life::Alive;
        if (routing_ != Routing::LeastLoaded && isUp) return child(index);
        if (best == size || (isUp && child(best).life() != Life::Alive) ||
            (isUp && child(index).load() < child(best).load()))
            best = index;
    }
    return child(best == size ? first : best);
}

Errc Supervision::route(EnvelopePtr envelope) noexcept {
    if (routing_ == Routing::Broadcast && envelope->ask == nullptr && envelope->ops->clone != nullptr)
        return broadcast(std::move(envelope));
    Cell& member = memberFor(*envelope);
    return deliver(member, std::move(envelope));
}

Errc Supervision::broadcast(EnvelopePtr envelope) noexcept {
    Errc result = Errc::Success;
    for (std::size_t i = 1; i < children_.size(); ++i) {
        try {
            const Errc one = deliver(child(i), EnvelopePtr(envelope->ops->clone(*envelope)));
            if (one != Errc::Success) result = one;
        } catch (const std::exception&) {
            result = Errc::MailboxFull;
        }
    }
    const Errc first = deliver(child(0), std::move(envelope));
    return result == Errc::Success ? first : result;
}

CellRef makeChild(SystemCore& system, ChildSpec& spec, const std::string& name) {
    SpawnOptions options;
    options.name = name;
    options.mailbox = spec.options.mailbox;
    options.stopTimeout = spec.options.stopTimeout;
    if (spec.plan != nullptr && spec.members == 0) {
        struct With {
            SystemCore& system;
            const SpawnOptions& options;
        } with{system, options};
        return spec.plan->make(
            [](const BehaviourPlan& plan, void* given) {
                auto& what = *static_cast<With*>(given);
                return what.system.makeCell(what.system.nextWorker(), what.options, &plan);
            },
            &with);
    }
    CellRef ref = system.makeCell(system.nextWorker(), options, nullptr);
    auto& cell = *static_cast<Cell*>(ref.get());
    SupervisorOptions how = spec.supervisor;
    if (spec.members != 0) how.intensity = std::max<std::size_t>(how.intensity, 3 * spec.members);
    auto supervision = std::make_unique<Supervision>(how, spec.routing);
    supervision->setOwner(cell, system.randomSeed());
    if (spec.members != 0) {
        const std::size_t members = std::exchange(spec.members, 0);
        for (std::size_t i = 0; i < members; ++i)
            supervision->addChild(makeChild(system, spec, fmt::format("{}-{}", name, i)), spec.options);
        cell.supervise(std::move(supervision), spec.type);
    } else {
        for (ChildSpec& below : spec.children)
            supervision->addChild(makeChild(system, below, below.name), below.options);
        cell.supervise(std::move(supervision), nullptr);
    }
    return ref;
}

}  // namespace tempeh::actors::detail

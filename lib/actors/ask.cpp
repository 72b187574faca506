#include "actors/cell.hpp"
#include "actors/cell_extra.hpp"
#include "actors/control.hpp"
#include "actors/out_of_memory.hpp"
#include "actors/runner.hpp"
#include "actors/supervision.hpp"
#include "actors/system_core.hpp"

#include <tempeh/actors/detail/ask_operation.hpp>
#include <tempeh/actors/detail/blocking_ask.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/system_executor.hpp>

#include <new>
#include <utility>

namespace tempeh::actors::detail {

bool AskBase::claim() noexcept {
    State state = State::Pending;
    if (state_.compare_exchange_strong(state, State::Answered, std::memory_order_acq_rel)) return true;
    if (state_.exchange(State::AnswererLeft, std::memory_order_acq_rel) == State::AskerLeft) destroy_(*this);
    return false;
}

void AskBase::fail(Errc errc, std::string_view text) noexcept {
    if (!claim()) return;
    errc_ = errc;
    try {
        text_ = text;
    } catch (const std::bad_alloc&) {
        text_.clear();  // the code is what counts
    }
    over_(*this);
}

void AskBase::abandon(Errc errc) noexcept {
    State state = State::Pending;
    if (!state_.compare_exchange_strong(state, State::Abandoned, std::memory_order_acq_rel)) return;
    errc_ = errc;
    if (errc == Errc::Success) exception_ = Exception::Cancelled;
    over_(*this);
}

void AskBase::failForMemory() noexcept {
    if (!claim()) return;
    exception_ = Exception::NoMemory;
    over_(*this);
}

void AskBase::letGo() noexcept {
    if (state_.load(std::memory_order_acquire) == State::Answered ||
        state_.exchange(State::AskerLeft, std::memory_order_acq_rel) == State::AnswererLeft)
        destroy_(*this);
}

error_code AskBase::error() const noexcept {
    if (exception_ == Exception::Cancelled) return asio::error::operation_aborted;
    if (exception_ == Exception::NoMemory) return asio::error::no_memory;
    return errc_ == Errc::Success ? error_code() : make_error_code(errc_);
}

std::exception_ptr AskBase::failure() const noexcept {
    try {
        if (exception_ == Exception::Cancelled)
            return std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted));
        if (exception_ == Exception::NoMemory) throw std::bad_alloc();
        return errc_ == Errc::Success ? nullptr : std::make_exception_ptr(Error(errc_, text_));
    } catch (const std::bad_alloc&) {
        return std::current_exception();
    }
}

void* allocateBlock(std::size_t size) {
    return here.worker != nullptr ? here.worker->stock().allocate(size)
                                  : ::operator new(BlockSizes::rounded(size));
}

void* tryAllocateBlock(std::size_t size) noexcept {
    try {
        return allocateBlock(size);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

void freeBlock(void* block, std::size_t size) noexcept {
    if (here.worker != nullptr)
        here.worker->stock().free(block, size);
    else
        ::operator delete(block);
}

Runner* runnerOf(const asio::any_io_executor& executor) noexcept {
    return here.runner != nullptr && here.runner->isOf(executor) ? here.runner : nullptr;
}

asio::any_io_executor executorOf(const CellCount* cell) noexcept {
    if (cell == nullptr) return asio::system_executor();
    const Worker& worker = static_cast<const Cell*>(cell)->worker();
    if (worker.executor() == nullptr) return asio::system_executor();
    return worker.executor();
}

RunnerScope::RunnerScope(Runner& runner) noexcept
    : outer_(here.runner), outerCell_(here.cell), outerWorker_(here.worker) {
    here = Here{&runner.worker(), runner.cell(), &runner};
}

RunnerScope::~RunnerScope() {
    here = Here{outerWorker_, outerCell_, outer_};
}

void completeAtHome(AskBase& ask) noexcept {
    Worker* const home = ask.home;
    if (home == nullptr) return ask.run(ask, nullptr);
    if (home->isHere()) return home->runLater(ask);
    if (!home->push(ask)) ask.run(ask, nullptr);  // closed: its handler's executor takes it
}

void settleAsk(AskBase& ask) noexcept {
    if (ask.home != nullptr && ask.home->isHere()) ask.home->unset(ask);
    if (ask.askedBy != nullptr) std::exchange(ask.askedBy, nullptr)->endWait(ask);
    if (ask.asked != nullptr) static_cast<void>(CellRef::adopt(std::exchange(ask.asked, nullptr)));
}

namespace {

void onTimeout(Deadline& deadline, Worker&) noexcept {
    static_cast<AskBase&>(deadline).abandon(Errc::Timeout);
}

/// Its timeout, on the worker that completes it.
void limit(AskBase& ask, Duration timeout) noexcept {
    if (timeout == infinite) return;
    ask.passed = &onTimeout;
    const TimePoint when = timeAfter(ask.home->time().now(), timeout);
    if (ask.home->isHere())
        ask.home->set(ask, when);
    else
        ask.when = when;  // Cell::startDeadline() sets it there
}

/// Who completes it. False: there is nobody to ask, and it has ended.
bool findHome(AskBase& ask, const CellRef& target) noexcept {
    const bool isBlocking = ask.run == nullptr;
    if (!isBlocking) ask.home = here.worker;
    if (!target) {
        ask.fail(Errc::NotFound, "the Ref is empty");
        return false;
    }
    if (!isBlocking && ask.home == nullptr) ask.home = &static_cast<Cell*>(target.get())->worker();
    return true;
}

/// The actor behind a Ref, which may be a pool's.
void pickMember(CellRef& target, const Envelope& envelope) noexcept {
    auto& cell = *static_cast<Cell*>(target.get());
    if (cell.isPool()) target = CellRef::share(&cell.supervision()->memberFor(envelope));
}

}  // namespace

void startAsk(AskBase& ask, CellRef target, EnvelopePtr envelope, Duration timeout) noexcept {
    if (target) pickMember(target, *envelope);
    if (!findHome(ask, target)) return;
    auto& cell = *static_cast<Cell*>(target.get());
    envelope->ask = &ask;
    if (ask.runner != nullptr && ask.runner->isHandler()) {
        Cell& asker = *ask.runner->cell();
        ask.asked = static_cast<Cell*>(CellRef(target).release());
        std::string circle;
        if (!asker.beginWait(ask, circle))
            return buryEnvelope(*envelope.release(), cell, Errc::Deadlock, circle);
    }
    limit(ask, timeout);
    static_cast<void>(deliver(cell, std::move(envelope)));
}

void startSend(AskBase& send, CellRef target, EnvelopePtr envelope, Duration) noexcept {
    if (target) pickMember(target, *envelope);
    if (!findHome(send, target)) return;
    auto& cell = *static_cast<Cell*>(target.get());
    const Errc errc = cell.offer(envelope);
    if (envelope != nullptr) {
        envelope->ask = &send;  // until there is room
        return cell.awaitRoom(*envelope.release());
    }
    if (errc == Errc::Success) {
        if (send.claim()) send.deliverAnswer();
    } else {
        send.fail(errc, inWords([&] { return cell.name(); }));
    }
}

void startWaitForStart(AskBase& ask, CellRef supervisor, EnvelopePtr, Duration timeout) noexcept {
    if (!findHome(ask, supervisor)) return;
    limit(ask, timeout);
    sendControl(
        std::move(supervisor),
        [&ask](Cell& cell) {
            cell.startDeadline(ask);
            cell.supervision()->onStarted(ask);
        },
        [&ask](Cell& cell) {
            if (cell.supervision() != nullptr && cell.supervision()->hasGivenUp())
                return cell.supervision()->onStarted(ask);
            ask.fail(Errc::Stopped, inWords([&] { return cell.name() + " has ended"; }));
        });
}

void BlockedThread::check(const CellCount* target) {
    if (target == nullptr || here.worker == nullptr) return;
    if (&here.worker->system() == &static_cast<const Cell*>(target)->system())
        throw Error(Errc::Deadlock, "a thread of the actor system would wait for itself: await ask() there");
}

void BlockedThread::wake() noexcept {
    const std::lock_guard lock(mutex_);
    isOver_ = true;
    changed_.notify_one();  // with the lock, since the thread may destroy this as soon as it is awake
}

bool BlockedThread::wait(Duration timeout) noexcept {
    std::unique_lock lock(mutex_);
    const TimePoint until = timeAfter(std::chrono::steady_clock::now(), timeout);
    if (until != TimePoint::max()) return changed_.wait_until(lock, until, [this] { return isOver_; });
    changed_.wait(lock, [this] { return isOver_; });
    return true;
}

}  // namespace tempeh::actors::detail

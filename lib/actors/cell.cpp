#include "actors/cell.hpp"

#include "actors/cell_extra.hpp"
#include "actors/out_of_memory.hpp"
#include "actors/runner.hpp"
#include "actors/supervision.hpp"
#include "actors/system_core.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

namespace tempeh::actors::detail {

namespace {

void arriveAt(Node& node, Worker*) noexcept {
    auto& envelope = static_cast<Envelope&>(node);
    envelope.target->arrive(envelope);
}
void arriveForRoom(Node& node, Worker*) noexcept {
    auto& envelope = static_cast<Envelope&>(node);
    const CellRef cell = CellRef::adopt(std::exchange(envelope.target, nullptr));
    static_cast<Cell*>(cell.get())->awaitRoom(envelope);
}

}  // namespace

std::string whatOf(const std::exception_ptr& failure) noexcept {
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        return inWords([&] { return std::string(error.what()); });
    } catch (...) {
        return inWords([] { return std::string("an exception that is not a std::exception"); });
    }
}

Cell::Cell(Worker& worker, const SpawnOptions& options)
    : worker_(worker)
    , system_(worker.system().shared_from_this())
    , capacity_(
          static_cast<std::uint32_t>(std::clamp<std::size_t>(options.mailbox.capacity, 1, UINT32_MAX / 2)))
    , onFull_(options.mailbox.onFull)
    , context_(*this)
    , id_(system_->nextId())
    , name_(options.name.empty() ? nullptr : std::make_unique<const std::string>(options.name))
    , stopTimeout_(options.stopTimeout) {}

Cell::~Cell() {
    if (behaviour_ != nullptr) behaviour_->~Behaviour();
}

CellRef Cell::make(Worker& worker, const SpawnOptions& options, const BehaviourPlan* plan) {
    const std::size_t alignment = plan == nullptr ? alignof(Cell) : std::max(alignof(Cell), plan->alignment);
    const std::size_t offset = (sizeof(Cell) + alignment - 1) / alignment * alignment;
    const std::size_t size = plan == nullptr ? sizeof(Cell) : offset + plan->size;
    void* const memory = ::operator new(size, std::align_val_t(alignment));
    Cell* cell = nullptr;
    try {
        cell = ::new (memory) Cell(worker, options);
        cell->alignment_ = static_cast<std::uint32_t>(alignment);
        if (plan != nullptr) {
            cell->behaviour_ = plan->place(static_cast<std::byte*>(memory) + offset, plan->arguments);
            cell->type_ = &cell->behaviour_->type();
        }
    } catch (...) {
        if (cell != nullptr) cell->~Cell();
        ::operator delete(memory, std::align_val_t(alignment));
        throw;
    }
    return CellRef::adopt(cell);
}

void Cell::destroy(Cell& cell) noexcept {
    const std::shared_ptr<SystemCore> keep = cell.system_;
    if (!cell.isLaunched_) keep->forgetName(cell);
    const auto alignment = std::align_val_t(cell.alignment_);
    cell.~Cell();
    ::operator delete(&cell, alignment);
}

std::string Cell::name() const {
    if (name_ != nullptr) return *name_;
    return std::string(type_ == nullptr ? "supervisor" : type_->name) + "#" + std::to_string(id_);
}

std::string Cell::occupation() const {
    const MessageOps* const message = doing_.load(std::memory_order_relaxed);
    if (message == nullptr) return life() == Life::Stopping ? "its tasks or children" : "nothing";
    std::string text = "handles " + std::string(message->name);
    const std::int64_t since = since_.load(std::memory_order_relaxed);
    if (since != 0)
        text += fmt::format(" for {:.1f} s", static_cast<double>(SystemCore::clock(worker_) - since) / 1e9);
    const std::string others = waitsFor();
    if (!others.empty()) return text + ", waits for the answer of " + others;
    return text + (work_.load(std::memory_order_relaxed) == Work::Suspended ? ", waits in a coroutine"
                                                                            : ", has not returned");
}

Errc Cell::refuse(EnvelopePtr& envelope, Errc reason) noexcept {
    if (reason == Errc::Stopped && system_->isStopping()) reason = Errc::ShuttingDown;
    buryEnvelope(*envelope.release(), *this, reason);
    return reason;
}

Errc Cell::offer(EnvelopePtr& envelope) noexcept {
    noteSender(*envelope, *this);
    return worker_.isHere() ? accept(envelope) : acceptArrival(envelope);
}

Errc Cell::accept(EnvelopePtr& envelope) noexcept {
    worker_.takeArrivals();
    if (isClosed()) return refuse(envelope, Errc::Stopped);
    if (!hasRoom()) {
        if (onFull_ == OnFull::Wait) return Errc::MailboxFull;
        if (onFull_ != OnFull::DropOldest || mailbox_.isEmpty()) {
            counters_.refused.fetch_add(1, std::memory_order_relaxed);
            return refuse(envelope, Errc::MailboxFull);
        }
        dropOldest();
    }
    enqueue(*envelope.release());
    return Errc::Success;
}

void Cell::dropOldest() noexcept {
    queued_.store(queued_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    counters_.refused.fetch_add(1, std::memory_order_relaxed);
    buryEnvelope(static_cast<Envelope&>(*mailbox_.pop()), *this, Errc::MailboxFull);
}

Errc Cell::acceptArrival(EnvelopePtr& envelope) noexcept {
    if (isClosed()) return refuse(envelope, Errc::Stopped);
    const std::uint64_t before = count.fetch_add(arrival, std::memory_order_relaxed);
    const auto waiting = static_cast<std::size_t>(before >> 32U) + queued_.load(std::memory_order_relaxed);
    if (waiting >= capacity_ && onFull_ != OnFull::DropOldest) {
        count.fetch_sub(arrival, std::memory_order_acq_rel);  // not the last reference: the sender has one
        if (onFull_ == OnFull::Wait) return Errc::MailboxFull;
        counters_.refused.fetch_add(1, std::memory_order_relaxed);
        return refuse(envelope, Errc::MailboxFull);
    }
    envelope->target = this;
    envelope->run = &arriveAt;
    if (worker_.push(*envelope)) {
        static_cast<void>(envelope.release());
        return Errc::Success;
    }
    envelope->target = nullptr;
    count.fetch_sub(arrival, std::memory_order_acq_rel);
    return refuse(envelope, Errc::Stopped);
}

void Cell::arrive(Envelope& envelope) noexcept {
    envelope.target = nullptr;
    if (isClosed()) {
        buryEnvelope(envelope, *this, system_->isStopping() ? Errc::ShuttingDown : Errc::Stopped);
    } else {
        if (queued_.load(std::memory_order_relaxed) >= capacity_ && !mailbox_.isEmpty()) dropOldest();
        if (envelope.ask != nullptr) startDeadline(*envelope.ask);
        enqueue(envelope);
    }
    if (count.fetch_sub(arrival, std::memory_order_acq_rel) == arrival) destroyCell(*this);
}

void Cell::startDeadline(AskBase& ask) noexcept {
    // Asked by a thread that has no worker: its time is kept here.
    if (ask.home == &worker_ && ask.when != TimePoint::max() && !ask.Deadline::isListed())
        worker_.set(ask, ask.when);
}

void Cell::enqueue(Envelope& envelope) noexcept {
    mailbox_.push(envelope);
    const std::uint32_t depth = queued_.load(std::memory_order_relaxed) + 1;
    queued_.store(depth, std::memory_order_relaxed);
    if (depth > counters_.highWater.load(std::memory_order_relaxed))
        counters_.highWater.store(depth, std::memory_order_relaxed);
    wantRun();
}

void Cell::acceptUrgent(Envelope& envelope) noexcept {
    if (isClosed()) return buryEnvelope(envelope, *this, Errc::Stopped);
    if (!isAwaited(messageOf<Down>(envelope))) return disposeEnvelope(envelope);
    urgent_.push(envelope);
    wantRun();
}

/// Once: news for an instance that is gone, or told already, is for nobody.
bool Cell::isAwaited(const Down& down) noexcept {
    if (extra_ == nullptr) return false;
    const auto found = std::find(extra_->watched.begin(), extra_->watched.end(), down.ref.cell());
    if (found == extra_->watched.end()) return false;
    extra_->watched.erase(found);
    return true;
}

void Cell::awaitRoom(Envelope& envelope) noexcept {
    envelope.run = &arriveForRoom;
    if (!worker_.isHere()) {
        count.fetch_add(reference, std::memory_order_relaxed);
        envelope.target = this;
        if (worker_.push(envelope)) return;
        const CellRef back = CellRef::adopt(std::exchange(envelope.target, nullptr));
        return buryEnvelope(envelope, *this, Errc::Stopped);
    }
    if (isClosed())
        return buryEnvelope(envelope, *this, system_->isStopping() ? Errc::ShuttingDown : Errc::Stopped);
    try {
        extra().waitingForRoom.push(envelope);
    } catch (const std::bad_alloc&) {
        return buryEnvelope(envelope, *this, Errc::MailboxFull);
    }
    admitWaiting();
}

void Cell::admitWaiting() noexcept {
    while (extra_ != nullptr && !extra_->waitingForRoom.isEmpty() && hasRoom()) {
        auto& envelope = static_cast<Envelope&>(*extra_->waitingForRoom.pop());
        AskBase* const sender = std::exchange(envelope.ask, nullptr);
        if (!sender->claim()) {
            disposeEnvelope(envelope);  // the sender has given up
            continue;
        }
        enqueue(envelope);
        sender->deliverAnswer();
    }
}

void Cell::wantRun() noexcept {
    const Work work = work_.load(std::memory_order_relaxed);
    const Life life = life_.load(std::memory_order_relaxed);
    if (work != Work::Idle || (life != Life::Alive && life != Life::Starting)) return;
    if (life == Life::Alive && mailbox_.isEmpty() && urgent_.isEmpty()) return;
    work_.store(Work::Queued, std::memory_order_relaxed);
    worker_.makeReady(*this);
}

std::size_t Cell::run(std::size_t limit) noexcept {
    if (mayGo_) {
        work_.store(Work::Idle, std::memory_order_relaxed);
        if (localReferences_ == 0) letGo();
        return 0;
    }
    const HereScope scope(Here{&worker_, this, nullptr});
    work_.store(Work::Running, std::memory_order_relaxed);
    isOnStack_ = true;
    std::size_t handled = 0;
    if (life() == Life::Starting) construct();
    while (life() == Life::Alive && handled < limit && !mustStop_) {
        Node* node = urgent_.pop();
        if (node == nullptr) {
            node = mailbox_.pop();
            if (node == nullptr) break;
            queued_.store(queued_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
        }
        ++handled;
        handle(static_cast<Envelope&>(*node));
        if (extra_ != nullptr) admitWaiting();
        if (work_.load(std::memory_order_relaxed) == Work::Suspended) {
            isOnStack_ = false;
            return handled;
        }
    }
    isOnStack_ = false;
    work_.store(Work::Idle, std::memory_order_relaxed);
    afterHandler();
    return handled;
}

void Cell::afterHandler() noexcept {
    here.cell = nullptr;
    if (mustStop_ && life() == Life::Alive) return stop(Ending{Errc::Stopped, {}, !isSupervised_});
    if (life() == Life::Stopping) return tryToEnd();
    wantRun();
}

void Cell::handle(Envelope& envelope) noexcept {
    current_ = &envelope;
    doing_.store(envelope.ops, std::memory_order_relaxed);
    std::exception_ptr failure;
    const bool isTimed = envelope.sentAt != 0;
    if (isTimed) since_.store(system_->clock(worker_), std::memory_order_relaxed);
    try {
        if (envelope.ops->handle != nullptr) {
            envelope.ops->handle(behaviour_->actor(), envelope);
        } else {
            since_.store(system_->clock(worker_), std::memory_order_relaxed);
            Runner& runner = worker_.takeRunner();
            handler_ = &runner;
            work_.store(Work::Suspended, std::memory_order_relaxed);
            runner.handle(*this, envelope);
            return;  // onHandlerOver() has been called, or will be
        }
    } catch (...) {
        work_.store(Work::Running, std::memory_order_relaxed);
        handler_ = nullptr;
        failure = std::current_exception();
    }
    settle(envelope, failure);
}

void Cell::onHandlerOver(Envelope& envelope, const std::exception_ptr& failure) noexcept {
    handler_ = nullptr;
    work_.store(Work::Running, std::memory_order_relaxed);  // so that it does not end in the middle of this
    settle(envelope, failure);
    if (isOnStack_) return;  // run() goes on
    admitWaiting();
    work_.store(Work::Idle, std::memory_order_relaxed);
    afterHandler();
}

void Cell::noteTimed(const Envelope& envelope) noexcept {
    const std::int64_t began = since_.load(std::memory_order_relaxed);
    const std::int64_t ended = SystemCore::clock(worker_);
    worker_.tallies().noteTimed(*this, Duration(began - envelope.sentAt), Duration(ended - began));
}

void Cell::settle(Envelope& envelope, const std::exception_ptr& failure) noexcept {
    current_ = nullptr;
    doing_.store(nullptr, std::memory_order_relaxed);
    if (envelope.sentAt != 0) noteTimed(envelope);
    since_.store(0, std::memory_order_relaxed);
    if (failure == nullptr) {
        bump(counters_.handled);
        return disposeEnvelope(envelope);
    }
    try {
        std::rethrow_exception(failure);
    } catch (const Refusal& refusal) {
        bump(counters_.handled);
        if (envelope.ask != nullptr)
            std::exchange(envelope.ask, nullptr)->fail(Errc::Refused, refusal.what());
        return disposeEnvelope(envelope);
    } catch (...) {
        const bool isBeingStopped = life() == Life::Stopping;
        std::string text = whatOf(failure);
        bump(counters_.failed);
        buryEnvelope(envelope, *this, isBeingStopped ? Errc::Stopped : Errc::HandlerFailed, text);
        if (!isBeingStopped) fail(std::move(text));
    }
}

}  // namespace tempeh::actors::detail

#pragma once

#include "actors/here.hpp"
#include "actors/node_queue.hpp"
#include "actors/worker.hpp"

#include <tempeh/actors/context.hpp>
#include <tempeh/actors/detail/behaviour.hpp>
#include <tempeh/actors/detail/cell_ref.hpp>
#include <tempeh/actors/options.hpp>

#include <boost/intrusive/list.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tempeh::actors::detail {

class CellExtra;
class Runner;
class Supervision;
class SystemCore;

/// Where an actor is between spawn and its end.
enum class Life : std::uint8_t {
    Starting,  ///< Its constructor has not run.
    Alive,
    Failed,    ///< A handler threw; the supervisor has not decided.
    Stopping,  ///< Waits for its handler, tasks and children.
    Down,      ///< Has no instance; the supervisor starts it again or ends it.
    Stopped,   ///< For good.
};

/// What it does.
enum class Work : std::uint8_t {
    Idle,
    Queued,     ///< Is among the ready.
    Running,    ///< On its worker's stack.
    Suspended,  ///< Its handler is a coroutine that waits.
};

/// An actor: its mailbox, its life and its instance; or a supervisor or a pool, which have no instance. What
/// Refs point to. Belongs to its worker, unless stated otherwise. Its instance's class is in the Behaviour
/// behind it, in the same block of memory.
class Cell final : public CellCount {
public:
    /// Makes a cell with the name, its behaviour and one reference. `plan` is null for a supervisor. Throws
    /// std::bad_alloc, and what copying the arguments throws.
    static CellRef make(Worker& worker, const SpawnOptions& options, const BehaviourPlan* plan);
    static void destroy(Cell& cell) noexcept;
    Cell(const Cell&) = delete;
    Cell& operator=(const Cell&) = delete;

    // Any thread:
    Worker& worker() const noexcept { return worker_; }
    SystemCore& system() const noexcept { return *system_; }
    std::uint64_t id() const noexcept { return id_; }
    std::string name() const;
    /// The name it was given; empty without one.
    std::string_view ownName() const noexcept { return name_ == nullptr ? std::string_view() : *name_; }
    bool isLaunched() const noexcept { return isLaunched_.load(std::memory_order_acquire); }
    const ActorType* type() const noexcept { return type_; }
    Life life() const noexcept { return life_.load(std::memory_order_acquire); }
    /// Messages that wait.
    std::size_t depth() const noexcept {
        return static_cast<std::size_t>(count.load(std::memory_order_relaxed) >> 32U) +
               queued_.load(std::memory_order_relaxed);
    }
    /// What its handler does and waits for, for a person.
    std::string occupation() const;
    /// The names of the actors whose answers its handler waits for.
    std::string waitsFor() const;
    struct Counters {
        std::atomic<std::uint64_t> handled{0};
        std::atomic<std::uint32_t> failed{0};
        std::atomic<std::uint32_t> restarts{0};
        std::atomic<std::uint32_t> refused{0};  // by any thread; the others by the worker
        std::atomic<std::uint32_t> highWater{0};
    };
    const Counters& counters() const noexcept { return counters_; }
    /// A message for its mailbox. Takes the envelope unless the result is MailboxFull with OnFull::Wait.
    Errc offer(EnvelopePtr& envelope) noexcept;
    bool isPool() const noexcept { return supervision_ != nullptr && isPool_; }
    Supervision* supervision() const noexcept { return supervision_.get(); }
    Context& context() noexcept { return context_; }

    // Its worker:

    /// The timeout of a wait that has its home here and comes from another thread.
    void startDeadline(AskBase& ask) noexcept;
    /// An envelope out of the worker's inbox.
    void arrive(Envelope& envelope) noexcept;
    bool hasRoom() const noexcept { return depth() < capacity_; }
    /// Handles what waits, at most so many messages. Returns how many.
    std::size_t run(std::size_t limit) noexcept;
    void onHandlerOver(Envelope& envelope, const std::exception_ptr& failure) noexcept;
    void onTaskOver(Runner& task, const std::exception_ptr& failure) noexcept;

    void* actor() noexcept { return behaviour_->actor(); }
    /// The same; null while there is none.
    const void* instance() const noexcept { return hasInstance_ ? behaviour_->actor() : nullptr; }
    CellExtra& extra();
    CellExtra* extraIfAny() const noexcept { return extra_.get(); }

    /// Why and how it stops.
    struct Ending {
        Errc reason = Errc::Stopped;
        std::string text = {};
        bool isForGood = true;  ///< Otherwise the supervisor starts it again: the mailbox stays.
    };
    void stop(Ending ending) noexcept;
    /// For its supervisor.
    void startAgain() noexcept;
    void finalise() noexcept;
    /// Its worker is closing: without running anything of it.
    void endAtOnce() noexcept;
    /// A child has ended.
    void onChildOver(Cell& child) noexcept;
    /// A Down: comes before the messages and is never refused.
    void acceptUrgent(Envelope& envelope) noexcept;
    /// Waits in line for room. The envelope's `ask` is who waits.
    void awaitRoom(Envelope& envelope) noexcept;
    /// Ends after the handler that runs now.
    void stopSelf() noexcept;
    bool isOver() const noexcept { return life() == Life::Stopped; }
    bool isClosed() const noexcept { return isClosed_.load(std::memory_order_relaxed); }
    /// `text`: made with inWords().
    void fail(std::string text) noexcept;
    void tryToEnd() noexcept;

    /// Its place among the children of a supervisor.
    std::size_t childIndex = 0;
    Cell* parent = nullptr;
    bool isRoot = true;          ///< Set before it is launched.
    std::uint64_t parentId = 0;  ///< Likewise.
    Cell* previousSibling = nullptr;
    Cell* nextSibling = nullptr;
    void adopt(Cell& child) noexcept;
    void disown(Cell& child) noexcept;

    Cell* next = nullptr;  ///< Among its worker's ready ones.
    Cell* nextListed = nullptr;
    Cell* previousListed = nullptr;

    void holdLocally() noexcept { ++localReferences_; }
    void releaseLocally() noexcept {
        // While it is among the ready ones, run() lets it go.
        if (--localReferences_ == 0 && mayGo_ && work_.load(std::memory_order_relaxed) != Work::Queued)
            letGo();
    }
    /// Makes it a supervisor; with `members` a pool of actors of that class.
    void supervise(std::unique_ptr<Supervision> supervision, const ActorType* members) noexcept;
    /// Once, from any thread: it lives from now on, and what is below it too. Then start() has its
    /// constructor run on its worker.
    void launch() noexcept;
    static void start(CellRef cell) noexcept;
    /// Messages that wait, and the one being handled.
    std::size_t load() const noexcept {
        const Work work = work_.load(std::memory_order_relaxed);
        return depth() + (work == Work::Running || work == Work::Suspended ? 1 : 0);
    }
    /// A supervisor's: it is started by startAgain().
    void beSupervised(Cell& supervisor, std::size_t index) noexcept;
    /// Its handler waits for the answer to `ask`. False: that would wait for itself; the circle is named.
    bool beginWait(AskBase& ask, std::string& circle) noexcept;
    void endWait(AskBase& ask) noexcept;
    Envelope* current() const noexcept { return current_; }

private:
    Cell(Worker& worker, const SpawnOptions& options);
    ~Cell();

    /// offer() on its worker, and on another thread.
    Errc accept(EnvelopePtr& envelope) noexcept;
    Errc acceptArrival(EnvelopePtr& envelope) noexcept;

    template <typename T>
    static void bump(std::atomic<T>& counter) noexcept {
        counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    bool isAwaitedBy(const Cell& from, std::vector<const Cell*>& path) const;
    bool isAwaited(const Down& down) noexcept;
    void construct() noexcept;
    void handle(Envelope& envelope) noexcept;
    void settle(Envelope& envelope, const std::exception_ptr& failure) noexcept;
    void noteTimed(const Envelope& envelope) noexcept;
    void enqueue(Envelope& envelope) noexcept;
    void wantRun() noexcept;
    void destroyInstance() noexcept;
    void dropMailbox(Errc reason) noexcept;
    void admitWaiting() noexcept;
    void afterHandler() noexcept;
    void dropOldest() noexcept;

    void stopChildren() noexcept;
    void forgetSurroundings() noexcept;
    void limitHandler() noexcept;
    void tellWatchers() noexcept;
    void letGo() noexcept;
    static void onStopTimeout(Deadline& deadline, Worker& worker) noexcept;
    Errc refuse(EnvelopePtr& envelope, Errc reason) noexcept;

    // Read by senders.
    Worker& worker_;
    const std::shared_ptr<SystemCore> system_;
    std::atomic<std::uint32_t> queued_{0};  // written by its worker
    const std::uint32_t capacity_;
    const OnFull onFull_;
    std::atomic<Life> life_{Life::Starting};
    std::atomic<Work> work_{Work::Idle};
    std::atomic<bool> isClosed_{false};  // takes no more messages
    bool isOnStack_ = false;             // run() is
    bool isPool_ = false;
    bool mayGo_ = false;
    bool hasInstance_ = false;
    std::atomic<bool> isLaunched_{false};
    bool wasStarted_ = false;
    bool mustStop_ = false;
    bool isSupervised_ = false;
    bool endsForGood_ = true;         // what stop() was told
    Errc endReason_ = Errc::Stopped;  // likewise
    std::uint32_t localReferences_ = 0;

    NodeQueue<Node> mailbox_;
    NodeQueue<Node> urgent_;
    Behaviour* behaviour_ = nullptr;
    const ActorType* type_ = nullptr;
    Cell* firstChild_ = nullptr;
    Cell* lastChild_ = nullptr;
    AskBase* firstWait_ = nullptr;  // with a lock; see waits.cpp
    Envelope* current_ = nullptr;   // what its handler has
    Runner* handler_ = nullptr;     // its handler's coroutine
    std::unique_ptr<CellExtra> extra_;
    std::unique_ptr<Supervision> supervision_;
    Context context_;
    const std::uint64_t id_;
    const std::unique_ptr<const std::string> name_;  // null for most
    std::atomic<const MessageOps*> doing_{nullptr};
    std::atomic<std::int64_t> since_{0};
    const Duration stopTimeout_;
    Counters counters_;
    std::uint32_t alignment_ = 0;
};

/// Delivers a message past the others, from any thread.
void sendUrgent(CellRef cell, EnvelopePtr message) noexcept;
/// Ends an envelope without handling it: the asker gets the reason, and it becomes a dead letter for
/// `target`.
void buryEnvelope(Envelope& envelope, const Cell& target, Errc reason, std::string_view text = {}) noexcept;
/// The text of an exception.
std::string whatOf(const std::exception_ptr& failure) noexcept;
/// Notes which actor sends it, before it is sent.
void noteSender(Envelope& envelope, const Cell& target) noexcept;
/// Destroys an envelope that had its outcome.
void disposeEnvelope(Envelope& envelope) noexcept;

}  // namespace tempeh::actors::detail

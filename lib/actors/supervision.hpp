#pragma once

#include "actors/cell.hpp"
#include "actors/supervisor_machine.hpp"

#include <tempeh/actors/options.hpp>
#include <tempeh/actors/supervisor.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace tempeh::actors::detail {

/// The part of a cell that is a supervisor, or a pool: its children, and what happens when one fails. Belongs
/// to the cell's worker, unless stated otherwise; the children may be on others.
class Supervision {
public:
    Supervision(const SupervisorOptions& options, Routing routing);
    Supervision(const Supervision&) = delete;
    Supervision& operator=(const Supervision&) = delete;
    ~Supervision();

    /// Before it is started.
    void setOwner(Cell& owner, std::uint64_t seed) noexcept {
        owner_ = &owner;
        seed_ = seed;
    }
    void addChild(CellRef child, const ChildOptions& options);

    /// The owner is being started.
    void begin() noexcept;
    /// The owner stops: so do the children, the last first. tryToEnd() of the owner when they have.
    void stopAll() noexcept;
    bool isDown() const noexcept { return machine_.isDown(); }
    /// Every child has ended for good.
    bool areAllOver() const noexcept { return over_ == children_.size(); }
    void finaliseAll() noexcept;
    /// It ended because of too many restarts.
    bool hasGivenUp() const noexcept { return machine_.hasGivenUp(); }
    /// Answers once all children have been started.
    void onStarted(AskBase& waiting) noexcept;

    /// Any thread. Sends the envelope to a member of the pool. Consumes it.
    Errc route(EnvelopePtr envelope) noexcept;
    /// Any thread. The member for it.
    Cell& memberFor(const Envelope& envelope) noexcept;
    const std::vector<CellRef>& children() const noexcept { return children_; }

    // A child says, on its worker:
    static void tellStarted(Cell& child) noexcept;
    static void tellFailed(Cell& child, std::string text) noexcept;
    static void tellDown(Cell& child) noexcept;
    static void tellOver(Cell& child) noexcept;

private:
    class Delay;

    void go() noexcept;
    void startChild(std::size_t child, Duration delay) noexcept;
    void answerWaiting(Errc errc) noexcept;
    Errc broadcast(EnvelopePtr envelope) noexcept;
    Cell& child(std::size_t index) const noexcept { return *static_cast<Cell*>(children_[index].get()); }

    Cell* owner_ = nullptr;
    SupervisorMachine machine_;
    const Routing routing_;
    std::vector<CellRef> children_;
    std::unique_ptr<Delay> delay_;  // one child is started at a time
    std::vector<AskBase*> waiting_;
    std::string lastFailure_;
    std::size_t over_ = 0;
    bool isStarted_ = false;
    std::atomic<std::uint64_t> turn_{0};
    std::uint64_t seed_ = 0;  // of the random choices
};

/// Makes the cells of a specification: an actor, a pool or a supervisor, with what is below it. Throws
/// Error(Refused) when a name is in use, and std::bad_alloc.
CellRef makeChild(SystemCore& system, ChildSpec& spec, const std::string& name);

}  // namespace tempeh::actors::detail

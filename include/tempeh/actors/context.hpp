#pragma once

#include <tempeh/actors/detail/behaviour.hpp>
#include <tempeh/actors/down.hpp>
#include <tempeh/actors/options.hpp>
#include <tempeh/actors/ref.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tempeh::actors {

class System;
template <typename T>
class Topic;

namespace detail {

class SystemCore;

/// The functions behind Context. Called on the actor's own thread.
TEMPEH_ACTORS_EXPORT CellRef spawnChild(Cell& parent, SpawnOptions options, const BehaviourPlan& plan);
TEMPEH_ACTORS_EXPORT CellRef findCell(Cell& cell, std::string_view name, const std::type_info& actor);
TEMPEH_ACTORS_EXPORT void stopCell(Cell& cell) noexcept;
TEMPEH_ACTORS_EXPORT void watchCell(Cell& watcher, CellRef watched, EnvelopePtr down);
TEMPEH_ACTORS_EXPORT std::uint64_t startTimer(Cell& cell, EnvelopePtr message, Duration delay, bool repeats);
TEMPEH_ACTORS_EXPORT bool cancelTimer(Cell& cell, std::uint64_t timer) noexcept;
TEMPEH_ACTORS_EXPORT void startTask(Cell& cell, asio::awaitable<void> task);
TEMPEH_ACTORS_EXPORT CellRef selfOf(Cell& cell) noexcept;
TEMPEH_ACTORS_EXPORT CellRef senderOf(Cell& cell) noexcept;
TEMPEH_ACTORS_EXPORT Arena& arenaOf(Cell& cell);
TEMPEH_ACTORS_EXPORT asio::any_io_executor executorOfActor(Cell& cell);
TEMPEH_ACTORS_EXPORT SystemCore& systemOf(Cell& cell) noexcept;
/// The handler of the cell's class for that message. Throws Error(NotFound), which names both.
TEMPEH_ACTORS_EXPORT const MessageOps& handlerFor(const Cell& cell, const std::type_info& message,
                                                  std::string_view name);

}  // namespace detail

/// A timer of an actor.
struct TimerId {
    /// 0: none.
    std::uint64_t number = 0;
    /// The same timer.
    bool operator==(const TimerId&) const noexcept = default;
};

/// What an actor has of its surroundings. Given to its constructor by reference, and valid as long as the
/// actor is. Only the actor itself may use it: in its constructor, destructor, handlers and tasks.
class Context {
public:
    /// For the library.
    explicit Context(detail::Cell& cell) noexcept : cell_(cell) {}
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    /// The actor itself: converts to a Ref of its class, or compares with any.
    class Self {
    public:
        /// For the library.
        explicit Self(detail::CellRef cell) noexcept : any_(std::move(cell)) {}
        /// Throws Error(NotFound) when the actor is of another class.
        template <typename A>
        operator Ref<A>() const {  // NOLINT(google-explicit-constructor): stands for it
            Ref<A> ref = any_.as<A>();
            if (!ref) throw Error(Errc::NotFound, any_.name() + " is of another class");
            return ref;
        }
        operator AnyRef<>() const noexcept { return any_; }  // NOLINT(google-explicit-constructor)

    private:
        AnyRef<> any_;
    };
    /// A handle to this actor.
    Self self() const noexcept { return Self(detail::selfOf(cell_)); }
    /// The same as a Ref. Throws Error(NotFound) when the actor is of another class.
    template <typename A>
    Ref<A> self() const {
        return self();
    }
    /// As Ref::name().
    std::string name() const { return detail::cellName(detail::selfOf(cell_).get()); }

    /// The actor of that name and class; an empty Ref if there is none.
    template <typename A>
    Ref<A> find(std::string_view name) const {
        return Ref<A>(detail::findCell(cell_, name, typeid(A)));
    }

    /// Starts a child, on this actor's thread: it stops before this actor does, and when this actor restarts.
    /// When it fails it ends; watch() tells. Returns at once; its constructor runs after this handler. Throws
    /// Error(Refused) when the name is in use.
    template <typename A, typename... Args>
    Ref<A> spawn(SpawnOptions options, Args&&... args) {
        return Ref<A>(detail::withPlan<A>(
            [&](const detail::BehaviourPlan& plan) {
                return detail::spawnChild(cell_, std::move(options), plan);
            },
            std::forward<Args>(args)...));
    }
    template <typename A>
    Ref<A> spawn() {
        return spawn<A>(SpawnOptions());
    }

    /// Ends this actor after the handler that runs now. What waits in its mailbox becomes dead letters.
    void stop() noexcept { detail::stopCell(cell_); }

    /// Has `handle(Down)` called once when that actor ends for good; at once if it has. Asking twice is
    /// asking once. Throws Error(NotFound) if this actor's class has no such handler.
    void watch(const AnyRef<>& actor) {
        const detail::MessageOps& ops = detail::handlerFor(cell_, typeid(Down), detail::typeName<Down>());
        detail::watchCell(cell_, actor.cell(), detail::makeEnvelope<Down>(ops, Down{actor}));
    }
    template <typename A>
    void watch(const Ref<A>& actor) {
        watch(AnyRef<>(actor.cell()));
    }

    /// Subscribes this actor to a topic until it ends or restarts. `withLast`: it also gets the value
    /// published last. Throws Error(NotFound) if its class has no handler for T.
    template <typename T>
    void subscribe(std::string_view topic, bool withLast = false);

    /// Sends this actor `message` after `delay`, as a message of its own. Needs a handler for it, as
    /// subscribe(). Forgotten when the actor ends or restarts.
    template <typename M>
    TimerId after(Timeout delay, M message) {
        return {detail::startTimer(cell_, own(std::move(message)), delay, false)};
    }
    /// The same again and again, every `period` from now on. A period in which the actor had no time for the
    /// last one is left out.
    template <typename M>
        requires std::copy_constructible<M>
    TimerId every(Timeout period, M message) {
        return {detail::startTimer(cell_, own(std::move(message)), period, true)};
    }
    /// False: it had fired, or was never one of this actor's.
    bool cancel(TimerId timer) noexcept { return detail::cancelTimer(cell_, timer.number); }

    /// Runs a coroutine beside the mailbox: on this actor's thread, between its messages. Ended with the
    /// actor, by cancellation. What it throws is a failure of the actor.
    void start(asio::awaitable<void> task) { detail::startTask(cell_, std::move(task)); }

    /// Where this actor's handlers and tasks run.
    asio::any_io_executor executor() const { return detail::executorOfActor(cell_); }

    /// Memory for the message being handled: what came with it, or an arena from the system's pool. Gone once
    /// the handler is done, unless a copy of the handle is kept or sent on.
    Arena& arena() { return detail::arenaOf(cell_); }

    /// The actor that sent the message being handled; empty if no actor did.
    AnyRef<> currentSender() const noexcept { return AnyRef<>(detail::senderOf(cell_)); }

    /// For the library.
    detail::Cell& cell() const noexcept { return cell_; }

private:
    template <typename M>
    detail::EnvelopePtr own(M message) const {
        return detail::makeEnvelope<M>(detail::handlerFor(cell_, typeid(M), detail::typeName<M>()),
                                       std::move(message));
    }

    detail::Cell& cell_;
};

}  // namespace tempeh::actors

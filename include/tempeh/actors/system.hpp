#pragma once

#include <tempeh/actors/context.hpp>
#include <tempeh/actors/dead_letter.hpp>
#include <tempeh/actors/options.hpp>
#include <tempeh/actors/stats.hpp>
#include <tempeh/actors/supervisor.hpp>
#include <tempeh/actors/topic.hpp>
#include <tempeh/core/ampe.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace tempeh::actors {

namespace detail {

TEMPEH_ACTORS_EXPORT CellRef spawnRoot(SystemCore& system, SpawnOptions options, const BehaviourPlan& plan);
TEMPEH_ACTORS_EXPORT CellRef findByName(SystemCore& system, std::string_view name,
                                        const std::type_info& actor);
TEMPEH_ACTORS_EXPORT std::vector<CellRef> allOf(SystemCore& system, const std::type_info& actor);
TEMPEH_ACTORS_EXPORT CellRef superviseRoot(SystemCore& system, ChildSpec spec);
TEMPEH_ACTORS_EXPORT void startStop(SystemCore& system, AskResult<StopReport>& waiting, Duration timeout,
                                    const asio::any_io_executor& executor) noexcept;

}  // namespace detail

/// Actors, their names and topics. Two systems know nothing of each other. Any thread may make every call.
///
/// The destructor stops every actor as stop() does, without a limit: it waits for handlers that do not end.
/// Do not destroy a system in one of its own actors. Refs may outlive it, and then say ShuttingDown.
class TEMPEH_ACTORS_EXPORT System {
public:
    /// On threads of its own. An actor stays on one of them. Children are on their parent's; the others are
    /// dealt out in turn.
    explicit System(SystemOptions options = {});
    /// On the caller's executor: an io_context, a strand, a thread pool. The actors run on a strand of it,
    /// one at a time. Its context may be stopped and run again; if it is destroyed first, so are the actors.
    explicit System(const asio::any_io_executor& executor, SystemOptions options = {});
    /// On the executor of an engine and in its time, so that it also runs in the simulator. Without threads
    /// of its own.
    explicit System(Ampe& engine, SystemOptions options = {});
    ~System();
    System(const System&) = delete;
    System& operator=(const System&) = delete;

    /// Starts an actor. Returns at once; the constructor runs on the actor's thread. If it throws, or a
    /// handler does, the actor ends: use supervise() to have it restarted. Throws Error: Refused when the
    /// name is in use, ShuttingDown.
    template <typename A, typename... Args>
    Ref<A> spawn(SpawnOptions options, Args&&... args) {
        return Ref<A>(detail::withPlan<A>(
            [&](const detail::BehaviourPlan& plan) {
                return detail::spawnRoot(*core_, std::move(options), plan);
            },
            std::forward<Args>(args)...));
    }
    template <typename A>
    Ref<A> spawn() {
        return spawn<A>(SpawnOptions());
    }

    /// Starts a supervisor and its children, one after the other, beside the caller: started() waits for
    /// that. Throws Error: Refused when a name is in use, ShuttingDown.
    template <typename... Children>
    Supervisor supervise(SupervisorOptions options, Children&&... children) {
        return Supervisor(detail::superviseRoot(
            *core_, supervisor(std::move(options), std::forward<Children>(children)...)));
    }

    /// The actor or pool of that name and class; an empty Ref if there is none.
    template <typename A>
    Ref<A> find(std::string_view name) const {
        return Ref<A>(detail::findByName(*core_, name, typeid(A)));
    }
    /// Every living actor of that class, in the order of their start.
    template <typename A>
    std::vector<Ref<A>> all() const {
        std::vector<Ref<A>> refs;
        for (detail::CellRef& cell : detail::allOf(*core_, typeid(A)))
            refs.emplace_back(std::move(cell));
        return refs;
    }

    /// The topic of that name and type. Made when it is first asked for, and kept.
    template <typename T>
    Topic<T> topic(std::string_view name) {
        return Topic<T>(detail::findTopic(*core_, name, typeid(T)));
    }

    /// What reached nobody, and why.
    DeadLetters deadLetters() const;
    /// What actors have done: counters for each class and for each actor with a name, and how long messages
    /// waited and handlers took, from a sample of one message in 64. Takes a lock for each worker; costs a
    /// little for each living actor. toText() and toJson() render it.
    SystemStats stats() const;
    /// What actors do now, as a tree: supervisors and other parents with their children. An actor whose class
    /// has a `std::string describe() const` is described by it, on its own thread. Waits at most `patience`
    /// for each thread whose actors are to be described; those of one that is held up have no description.
    std::vector<ActorView> inspect(Timeout patience = std::chrono::milliseconds(100)) const;

    /// Stops every actor, supervisors' children in reverse order. An Asio operation (see Asking). Ends when
    /// all have ended, or after `timeout` with those that have not. Nothing can be spawned any more. Handlers
    /// are cancelled after their stopTimeout, and in any case before `timeout` has passed.
    class Stopping {
    public:
        /// As System::stop().
        Stopping(std::shared_ptr<detail::SystemCore> core, Duration timeout) noexcept
            : core_(std::move(core)), timeout_(timeout) {}
        /// Starts it, with any completion token.
        template <asio::completion_token_for<void(std::exception_ptr, StopReport)> Token>
        auto operator()(Token&& token) {
            return asio::async_initiate<Token, void(std::exception_ptr, StopReport)>(
                Start{core_}, token, std::move(core_), timeout_);
        }

    private:
        struct Start {
            std::shared_ptr<detail::SystemCore> system;
            using executor_type = asio::any_io_executor;
            executor_type get_executor() const noexcept { return detail::executorOf(nullptr); }
            template <typename Handler>
            void operator()(Handler&& handler, std::shared_ptr<detail::SystemCore> core,
                            Duration timeout) const {
                const asio::any_io_executor executor =
                    asio::get_associated_executor(handler, detail::executorOf(nullptr));
                detail::AskOperation<StopReport, std::decay_t<Handler>, std::exception_ptr>::launch(
                    std::forward<Handler>(handler), detail::CellRef(),
                    [&](detail::AskResult<StopReport>& waiting, detail::CellRef) {
                        detail::startStop(*core, waiting, timeout, executor);
                    });
            }
        };
        std::shared_ptr<detail::SystemCore> core_;
        Duration timeout_;
    };
    /// Stops every actor; see Stopping.
    Stopping stop(Timeout timeout) { return Stopping(core_, timeout); }
    /// The same for plain threads. Throws Error(Deadlock) on a thread of the system itself.
    StopReport stopBlocking(Timeout timeout);

    /// For the library's own parts.
    detail::SystemCore& core() const noexcept { return *core_; }

private:
    std::shared_ptr<detail::SystemCore> core_;
};

}  // namespace tempeh::actors

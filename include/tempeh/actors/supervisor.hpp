#pragma once

#include <tempeh/actors/detail/behaviour.hpp>
#include <tempeh/actors/options.hpp>
#include <tempeh/actors/ref.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tempeh::actors {

namespace detail {

class SystemCore;

/// A child's class and arguments, until its supervisor makes it.
class ChildPlan {
public:
    ChildPlan() = default;
    ChildPlan(const ChildPlan&) = delete;
    ChildPlan& operator=(const ChildPlan&) = delete;
    virtual ~ChildPlan() = default;
    /// Calls `use` with the plan of its behaviour, once for each cell that is to be made.
    virtual CellRef make(CellRef (*use)(const BehaviourPlan& plan, void* with), void* with) = 0;
};

template <typename A, typename... Args>
class ChildPlanOf final : public ChildPlan {
public:
    template <typename... Given>
    explicit ChildPlanOf(Given&&... args) : args_(std::forward<Given>(args)...) {}
    CellRef make(CellRef (*use)(const BehaviourPlan& plan, void* with), void* with) override {
        return std::apply(
            [&](const auto&... args) {
                return withPlan<A>([&](const BehaviourPlan& plan) { return use(plan, with); }, args...);
            },
            args_);
    }

private:
    std::tuple<Args...> args_;
};

}  // namespace detail

/// One child of a supervisor, as child(), pool() and supervisor() describe it. Moved into supervise().
struct ChildSpec {
    /// Unique in its system.
    std::string name;
    /// How it is kept.
    ChildOptions options = {};
    std::unique_ptr<detail::ChildPlan> plan = {};  ///< Of an actor, or of each member of a pool.
    std::size_t members = 0;                       ///< Of a pool; 0 for an actor.
    Routing routing = Routing::RoundRobin;         ///< Of a pool.
    const detail::ActorType* type = nullptr;       ///< Of an actor, or of a pool's members.
    SupervisorOptions supervisor = {};             ///< Of a supervisor.
    std::vector<ChildSpec> children = {};          ///< Of a supervisor.
};

/// An actor of class `A`. Its arguments are copied for each start, so they must be copyable; std::ref() hands
/// a reference on.
template <typename A, typename... Args>
    requires(!std::same_as<ChildOptions, std::remove_cvref_t<Args>> && ...)
ChildSpec child(std::string name, Args&&... args);
template <typename A, typename... Args>
ChildSpec child(std::string name, ChildOptions options, Args&&... args) {
    static_assert((std::copy_constructible<std::decay_t<Args>> && ...),
                  "a supervisor restarts its children with the same arguments, so they must be copyable");
    ChildSpec spec;
    spec.name = std::move(name);
    spec.options = options;
    spec.plan = std::make_unique<detail::ChildPlanOf<A, std::decay_t<Args>...>>(std::forward<Args>(args)...);
    spec.type = &detail::actorType<A>;
    return spec;
}
template <typename A, typename... Args>
    requires(!std::same_as<ChildOptions, std::remove_cvref_t<Args>> && ...)
ChildSpec child(std::string name, Args&&... args) {
    return child<A>(std::move(name), ChildOptions(), std::forward<Args>(args)...);
}

/// `members` actors of class `A` behind one name and one Ref<A>. Each is restarted by itself when it fails;
/// meanwhile the others take its share.
template <typename A, typename... Args>
ChildSpec pool(std::string name, std::size_t members, Routing routing, ChildOptions options, Args&&... args) {
    ChildSpec spec = child<A>(std::move(name), options, std::forward<Args>(args)...);
    spec.members = members;
    spec.routing = routing;
    return spec;
}
template <typename A, typename... Args>
    requires(!std::same_as<ChildOptions, std::remove_cvref_t<Args>> && ...)
ChildSpec pool(std::string name, std::size_t members, Routing routing, Args&&... args) {
    return pool<A>(std::move(name), members, routing, ChildOptions(), std::forward<Args>(args)...);
}

namespace detail {

TEMPEH_ACTORS_EXPORT ChildSpec supervisorSpec(SupervisorOptions options, std::vector<ChildSpec> children);

template <typename... Children>
std::vector<ChildSpec> listOf(Children&&... children) {
    std::vector<ChildSpec> list;
    list.reserve(sizeof...(Children));
    (list.push_back(std::forward<Children>(children)), ...);
    return list;
}

TEMPEH_ACTORS_EXPORT Asking<void> askStarted(const CellRef& supervisor, Duration timeout);
TEMPEH_ACTORS_EXPORT void tellStop(const CellRef& cell) noexcept;

}  // namespace detail

/// A supervisor inside another one.
template <typename... Children>
ChildSpec supervisor(SupervisorOptions options, Children&&... children) {
    return detail::supervisorSpec(std::move(options), detail::listOf(std::forward<Children>(children)...));
}

/// A handle to a running supervisor, from System::supervise(). Copyable; any thread. Dropping it changes
/// nothing.
class Supervisor {
public:
    Supervisor() noexcept = default;
    /// For the library.
    explicit Supervisor(detail::CellRef cell) noexcept : cell_(std::move(cell)) {}

    /// Waits until every child's constructor has run. An Asio operation (see Asking). Fails with Timeout, and
    /// with HandlerFailed and the cause when the supervisor has given up.
    Asking<void> started(Timeout timeout) const { return detail::askStarted(cell_, timeout); }
    /// Stops the children in reverse order, then itself. Returns at once.
    void stop() const noexcept { detail::tellStop(cell_); }

    /// For comparing and watching.
    AnyRef<> ref() const noexcept { return AnyRef<>(cell_); }
    /// As Ref::name().
    std::string name() const { return detail::cellName(cell_.get()); }

private:
    detail::CellRef cell_;
};

}  // namespace tempeh::actors

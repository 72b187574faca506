#pragma once

#include <tempeh/actors/detail/handlers.hpp>
#include <tempeh/actors/down.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace tempeh::actors {

class Context;

namespace detail {

/// What a system knows of a class of actors. In static memory.
struct ActorType {
    const std::type_info* type;
    std::string_view name;
    const MessageOps* (*find)(const std::type_info& message) noexcept;
    /// The state for the inspector; null if the class has no describe().
    std::string (*describe)(const void* actor);
};

template <typename A>
std::string describe(const void* actor) {
    return std::string(static_cast<const A*>(actor)->describe());
}

template <typename A>
constexpr ActorType makeActorType() noexcept {
    ActorType made{&typeid(A), typeName<A>(), &findHandler<A>, nullptr};
    if constexpr (requires(const A& actor) { std::string(actor.describe()); }) made.describe = &describe<A>;
    return made;
}
template <typename A>
inline constexpr ActorType actorType = makeActorType<A>();

/// An actor's class and arguments without their types. Behind the cell, in its block of memory.
class Behaviour {
public:
    explicit Behaviour(const ActorType& type) noexcept : type_(type) {}
    Behaviour(const Behaviour&) = delete;
    Behaviour& operator=(const Behaviour&) = delete;
    virtual ~Behaviour() = default;

    const ActorType& type() const noexcept { return type_; }

    /// Makes an instance. Throws what its constructor throws.
    virtual void construct(Context& context) = 0;
    virtual void destroy() noexcept = 0;
    /// The instance, while there is one.
    virtual void* actor() noexcept = 0;

private:
    const ActorType& type_;
};

template <typename A, typename... Args>
class BehaviourOf final : public Behaviour {
public:
    static constexpr bool mayConstructAgain = (std::copy_constructible<Args> && ...);

    template <typename... Given>
    explicit BehaviourOf(Given&&... args) : Behaviour(actorType<A>), args_(std::forward<Given>(args)...) {}

    void construct(Context& context) override {
        std::apply([&](auto&... args) { constructFrom(context, args...); }, args_);
    }
    void destroy() noexcept override { reinterpret_cast<A*>(storage_)->~A(); }  // NOLINT
    void* actor() noexcept override { return storage_; }

private:
    /// A restart needs the arguments again, so they are copied where they can be.
    template <typename Arg>
    static decltype(auto) passed(Arg& arg) {
        if constexpr (std::copy_constructible<Arg>)
            return std::unwrap_ref_decay_t<Arg>(arg);
        else
            return std::move(arg);
    }
    template <typename... Stored>
    void constructFrom(Context& context, Stored&... args) {
        if constexpr (std::is_constructible_v<A, Context&, decltype(passed(args))...>)
            ::new (static_cast<void*>(storage_)) A(context, passed(args)...);
        else
            ::new (static_cast<void*>(storage_)) A(passed(args)...);
    }

    std::tuple<Args...> args_;
    alignas(A) std::byte storage_[sizeof(A)];
};

/// How to put a behaviour into the memory behind a cell.
struct BehaviourPlan {
    std::size_t size;
    std::size_t alignment;
    Behaviour* (*place)(void* memory, void* arguments);
    void* arguments;
};

/// Calls `use` with the plan of an A made of these arguments.
template <typename A, typename Use, typename... Args>
auto withPlan(Use use, Args&&... args) {
    using Made = BehaviourOf<A, std::decay_t<Args>...>;
    static_assert(
        std::is_constructible_v<A, Context&, std::unwrap_ref_decay_t<Args>...> ||
            std::is_constructible_v<A, std::unwrap_ref_decay_t<Args>...>,
        "the actor has no constructor that takes a Context& and these arguments, or these arguments");
    std::tuple<Args&&...> given(std::forward<Args>(args)...);
    const BehaviourPlan plan{sizeof(Made), alignof(Made),
                             [](void* memory, void* arguments) -> Behaviour* {
                                 return std::apply(
                                     [memory](auto&&... each) {
                                         return ::new (memory) Made(std::forward<decltype(each)>(each)...);
                                     },
                                     std::move(*static_cast<std::tuple<Args&&...>*>(arguments)));
                             },
                             &given};
    return use(plan);
}

}  // namespace detail

}  // namespace tempeh::actors

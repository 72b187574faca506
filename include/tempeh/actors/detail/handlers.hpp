#pragma once

#include <tempeh/actors/detail/ask_base.hpp>
#include <tempeh/actors/responder.hpp>

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

namespace tempeh::actors {

/// A message that is answered: it names the type of its answer, void for an acknowledgement.
template <typename M>
concept Question = requires { typename M::Reply; };

namespace detail {

template <typename A, typename M>
concept HandlesNow = requires(A& actor, M& message) { actor.handle(std::move(message)); };
template <typename A, typename M>
concept HandlesLater = Question<M> && requires(A& actor, M& message, Responder<typename M::Reply> responder) {
    actor.handle(std::move(message), std::move(responder));
};

}  // namespace detail

/// The class `A` has a `handle` for messages of type `M`.
template <typename A, typename M>
concept Handles = detail::HandlesNow<A, M> || detail::HandlesLater<A, M>;

namespace detail {

template <typename T>
struct AwaitedResult {
    using type = T;
    static constexpr bool isCoroutine = false;
};
template <typename T, typename Executor>
struct AwaitedResult<asio::awaitable<T, Executor>> {
    using type = T;
    static constexpr bool isCoroutine = true;
};

/// How class A handles M: the functions of its MessageOps.
template <typename A, typename M>
class HandlerOf {
public:
    static constexpr MessageOps makeOps() noexcept {
        MessageOps made{&typeid(M), typeName<M>(), nullptr, nullptr, &HandlerOf::destroy, nullptr, nullptr};
        if constexpr (isCoroutine)
            made.start = &HandlerOf::start;
        else
            made.handle = &HandlerOf::handle;
        if constexpr (std::copy_constructible<M>) made.clone = &HandlerOf::clone;
        if constexpr (requires(const M& message) { message.routingKey(); })
            made.routingKey = &HandlerOf::routingKey;
        return made;
    }

private:
    template <typename Actor, typename Message>
    static auto call(Actor& actor, Envelope& envelope, Message& message) {
        if constexpr (HandlesLater<Actor, Message>)
            return actor.handle(std::move(message),
                                Responder<typename Message::Reply>(std::exchange(envelope.ask, nullptr)));
        else
            return actor.handle(std::move(message));
    }
    using Returned = decltype(call(std::declval<A&>(), std::declval<Envelope&>(), std::declval<M&>()));
    using Result = typename AwaitedResult<Returned>::type;
    static constexpr bool isCoroutine = AwaitedResult<Returned>::isCoroutine;
    static constexpr bool answersOnReturn = Question<M> && !HandlesLater<A, M>;

    static void handle(void* actor, Envelope& envelope) {
        A& self = *static_cast<A*>(actor);
        M& message = messageOf<M>(envelope);
        if constexpr (!answersOnReturn) {
            call(self, envelope, message);
        } else if constexpr (std::is_void_v<typename M::Reply>) {
            call(self, envelope, message);
            answer(envelope);
        } else {
            static_assert(std::convertible_to<Result, typename M::Reply>,
                          "handle() returns something else than the message's Reply");
            answer<typename M::Reply>(envelope, call(self, envelope, message));
        }
    }

    static asio::awaitable<void> start(void* actor, Envelope& envelope) {
        if constexpr (std::same_as<Returned, asio::awaitable<void>> && !answersOnReturn)
            return call(*static_cast<A*>(actor), envelope, messageOf<M>(envelope));
        else
            return startAndAnswer(*static_cast<A*>(actor), envelope);
    }
    static asio::awaitable<void> startAndAnswer(A& actor, Envelope& envelope) {
        if constexpr (std::is_void_v<Result>) {
            co_await call(actor, envelope, messageOf<M>(envelope));
            if constexpr (answersOnReturn) {
                static_assert(std::is_void_v<typename M::Reply>,
                              "handle() does not return the message's Reply");
                answer(envelope);
            }
        } else if constexpr (answersOnReturn) {
            static_assert(std::convertible_to<Result, typename M::Reply>,
                          "handle() returns something else than the message's Reply");
            typename M::Reply reply = co_await call(actor, envelope, messageOf<M>(envelope));
            answer<typename M::Reply>(envelope, std::move(reply));
        } else {
            co_await call(actor, envelope, messageOf<M>(envelope));
        }
    }

    static void destroy(Envelope& envelope) noexcept { messageOf<M>(envelope).~M(); }
    static Envelope* clone(const Envelope& envelope) {
        return makeEnvelope<M>(*envelope.ops, messageOf<M>(envelope)).release();
    }
    static std::size_t routingKey(const Envelope& envelope) {
        const auto& key = messageOf<M>(envelope).routingKey();
        return std::hash<std::decay_t<decltype(key)>>()(key);
    }
};

template <typename A, typename M>
inline constexpr MessageOps handlerOps = HandlerOf<A, M>::makeOps();

/// The handlers of class A by their message's type, for messages whose sender does not know A: those of
/// topics, timers and watches. A class cannot list its overloads, but the compiler tries each of them when it
/// looks for one that takes a HandlerProbe. Each attempt converts the probe to the parameter's type, and the
/// conversion puts the handler for that type into the list, before main() runs.
struct HandlerEntry {
    const MessageOps* ops = nullptr;
    HandlerEntry* next = nullptr;
};
template <typename A>
struct HandlerList {
    static inline constinit HandlerEntry* first = nullptr;
};
template <typename A, typename M>
class HandlerRegistration {
public:
    static const bool isDone;

private:
    static bool add() noexcept {
        if constexpr (Handles<A, M>) {
            if (entry.ops == nullptr) {
                entry.ops = &handlerOps<A, M>;
                entry.next = std::exchange(HandlerList<A>::first, &entry);
            }
        }
        return true;
    }
    static inline constinit HandlerEntry entry;
};
template <typename A, typename M>
const bool HandlerRegistration<A, M>::isDone = HandlerRegistration<A, M>::add();

template <typename A>
struct HandlerProbe {
    template <typename M, const bool& = HandlerRegistration<A, M>::isDone>
    operator M() const;  // NOLINT(google-explicit-constructor)
};
struct AnyResponder {
    template <typename R>
    operator Responder<R>() const;  // NOLINT(google-explicit-constructor)
};

template <typename A>
constexpr bool probeHandlers() noexcept {
    return requires(A& actor, HandlerProbe<A> probe) { actor.handle(probe); } ||
           requires(A& actor, HandlerProbe<A> probe, AnyResponder responder) {
               actor.handle(probe, responder);
           };
}

/// Null if class A has no handler for it.
template <typename A>
const MessageOps* findHandler(const std::type_info& message) noexcept {
    static_assert(probeHandlers<A>() || true);
    for (const HandlerEntry* entry = HandlerList<A>::first; entry != nullptr; entry = entry->next)
        if (*entry->ops->type == message) return entry->ops;
    return nullptr;
}

}  // namespace detail

}  // namespace tempeh::actors

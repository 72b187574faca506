#pragma once

#include <tempeh/actors/detail/ask_operation.hpp>
#include <tempeh/actors/detail/blocking_ask.hpp>
#include <tempeh/actors/detail/handlers.hpp>
#include <tempeh/base/duration.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace tempeh::actors {

namespace detail {

/// GCC 12 destroys an aggregate temporary inside a co_await expression twice.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
template <typename M>
inline constexpr bool mayBeAwaitedWhole = !std::is_aggregate_v<M> || std::is_trivially_destructible_v<M>;
#else
template <typename M>
inline constexpr bool mayBeAwaitedWhole = true;
#endif

/// The fields are one whole message.
template <typename M, typename... Fields>
inline constexpr bool isWhole = false;
template <typename M, typename Field>
inline constexpr bool isWhole<M, Field> = std::same_as<M, std::remove_cvref_t<Field>>;

/// Builds the envelope of `M` for class A, or for the table of an AnyRef.
template <typename M, typename... Fields>
EnvelopePtr pack(const MessageOps* ops, Fields&&... fields) {
    static constexpr MessageOps nobody{&typeid(M),
                                       typeName<M>(),
                                       nullptr,
                                       nullptr,
                                       [](Envelope& envelope) noexcept { messageOf<M>(envelope).~M(); },
                                       nullptr,
                                       nullptr};
    return makeEnvelope<M>(ops != nullptr ? *ops : nobody, std::forward<Fields>(fields)...);
}

}  // namespace detail

/// Plain calls for threads that are none of the system's. Copyable.
template <typename Ref>
class Blocking {
public:
    /// As Ref::blocking().
    explicit Blocking(Ref ref) noexcept : ref_(std::move(ref)) {}

    /// Asks and blocks until the answer is there. Throws Error: Timeout after `timeout`, Deadlock on a thread
    /// of the system itself, HandlerFailed, Refused, Stopped, MailboxFull, NotFound.
    template <Question M, typename... Fields>
        requires(!detail::isWhole<M, Fields...>)
    typename M::Reply ask(Timeout timeout, Fields&&... fields) const {
        return detail::blockingAsk<typename M::Reply>(
            ref_.cell(), ref_.template envelope<M>(std::forward<Fields>(fields)...), timeout);
    }
    template <Question M>
    typename M::Reply ask(Timeout timeout, M message) const {
        return detail::blockingAsk<typename M::Reply>(ref_.cell(),
                                                      ref_.template envelope<M>(std::move(message)), timeout);
    }

private:
    Ref ref_;
};

namespace detail {

/// What Ref and AnyRef have in common. `Handle` has `template <M> static const MessageOps* opsFor()` or a
/// member of that name, and says with `takes<M>` which messages it takes.
template <typename Handle>
class RefCalls {
public:
    /// Sends a message. Never waits and never throws: Success, MailboxFull, Stopped, NotFound for an empty
    /// Ref, ShuttingDown. A message that is not taken becomes a dead letter. From an actor's own worker it
    /// costs tens of nanoseconds and no allocation; from another thread one push without a lock, and a wake
    /// if the worker sleeps. Any thread.
    template <typename M>
        requires(Handle::template takes<std::decay_t<M>>)
    Errc tell(M&& message) const noexcept {
        if (!self().cell()) return Errc::NotFound;
        try {
            return deliver(*self().cell().get(), envelope<std::decay_t<M>>(std::forward<M>(message)));
        } catch (const std::exception&) {
            return Errc::MailboxFull;  // no memory for it
        }
    }
    /// The same, with memory that the message's data may be in. It lives until the last handler that holds it
    /// is done (Context::arena).
    template <typename M>
        requires(Handle::template takes<std::decay_t<M>>)
    Errc tell(M&& message, Arena arena) const noexcept {
        if (!self().cell()) return Errc::NotFound;
        try {
            EnvelopePtr packed = envelope<std::decay_t<M>>(std::forward<M>(message));
            packed->arena = std::move(arena);
            return deliver(*self().cell().get(), std::move(packed));
        } catch (const std::exception&) {
            return Errc::MailboxFull;  // no memory for it
        }
    }

    /// Sends a message made of these fields, and waits for room where the mailbox is full and its policy is
    /// OnFull::Wait. An Asio operation (see Asking): `co_await ref.send<Log>("text")`. Fails as tell().
    template <typename M, typename... Fields>
        requires(Handle::template takes<M> && !isWhole<M, Fields...>)
    Asking<void> send(Fields&&... fields) const {
        return Asking<void>(self().cell(), envelope<M>(std::forward<Fields>(fields)...), infinite,
                            &startSend);
    }
    template <typename M>
        requires(Handle::template takes<M> && mayBeAwaitedWhole<M>)
    Asking<void> send(M message) const {
        return Asking<void>(self().cell(), envelope<M>(std::move(message)), infinite, &startSend);
    }
    template <typename M>
        requires(Handle::template takes<M> && !mayBeAwaitedWhole<M>)
    Asking<void> send(M message) const = delete;  // GCC 12: write send<M>(fields...)

    /// Sends a question made of these fields, and waits for its answer. An Asio operation (see Asking):
    /// `co_await ref.ask<Add>(1s, 2)`. The asking actor handles nothing else meanwhile. Ends with Timeout
    /// after `timeout`, Deadlock when the actor asked waits for the asker, Refused, HandlerFailed, and as
    /// tell(). From an actor of the same worker it allocates nothing in steady state.
    template <Question M, typename... Fields>
        requires(Handle::template takes<M> && !isWhole<M, Fields...>)
    Asking<typename M::Reply> ask(Timeout timeout, Fields&&... fields) const {
        return Asking<typename M::Reply>(self().cell(), envelope<M>(std::forward<Fields>(fields)...),
                                         timeout);
    }
    template <Question M>
        requires(Handle::template takes<M> && mayBeAwaitedWhole<M>)
    Asking<typename M::Reply> ask(Timeout timeout, M message) const {
        return Asking<typename M::Reply>(self().cell(), envelope<M>(std::move(message)), timeout);
    }
    template <Question M>
        requires(Handle::template takes<M> && !mayBeAwaitedWhole<M>)
    Asking<typename M::Reply> ask(Timeout timeout,
                                  M message) const = delete;  // GCC 12: ask<M>(timeout, fields...)

    /// The same for plain threads.
    Blocking<Handle> blocking() const { return Blocking<Handle>(self()); }

    /// The name it was spawned with; class and number, "Counter#17", for an actor without one; empty for an
    /// empty Ref.
    std::string name() const { return cellName(self().cell().get()); }
    /// Unique in the process, never used twice; 0 for an empty Ref.
    std::uint64_t id() const noexcept { return cellId(self().cell().get()); }

    /// Whether it was ever an actor's. It stays one when the actor ends.
    explicit operator bool() const noexcept { return static_cast<bool>(self().cell()); }

    template <typename M, typename... Fields>
    EnvelopePtr envelope(Fields&&... fields) const {
        return pack<M>(self().template opsFor<M>(), std::forward<Fields>(fields)...);
    }

protected:
    ~RefCalls() = default;

private:
    friend Handle;
    RefCalls() = default;
    RefCalls(const RefCalls&) = default;
    RefCalls(RefCalls&&) noexcept = default;
    RefCalls& operator=(const RefCalls&) = default;
    RefCalls& operator=(RefCalls&&) noexcept = default;

    const Handle& self() const noexcept { return static_cast<const Handle&>(*this); }
};

}  // namespace detail

/// A handle to an actor of class `A`: the way to send it messages. Copyable, comparable, hashable, the size
/// of a pointer. Any thread may use it, one at a time. It stays valid when the actor restarts, ends, and when
/// the system is gone; it then answers Stopped or ShuttingDown. `A` may be incomplete where no message is
/// sent. A message that `A` has no handle() for does not compile.
template <typename A>
class Ref : public detail::RefCalls<Ref<A>> {
public:
    /// Whether the class handles messages of type `M`.
    template <typename M>
    static constexpr bool takes = Handles<A, M>;

    /// Empty: no actor.
    Ref() noexcept = default;
    explicit Ref(detail::CellRef cell) noexcept : cell_(std::move(cell)) {}

    /// For the library.
    const detail::CellRef& cell() const noexcept { return cell_; }
    /// For the library.
    template <typename M>
    static const detail::MessageOps* opsFor() noexcept {
        return &detail::handlerOps<A, M>;
    }

    /// The same actor.
    bool operator==(const Ref& other) const noexcept { return cell_ == other.cell_; }
    /// By age, so that they can be keys.
    auto operator<=>(const Ref& other) const noexcept { return this->id() <=> other.id(); }

private:
    detail::CellRef cell_;
};

/// A handle to an actor by the messages it takes, for callers that need not see the class. `AnyRef<>` takes
/// none: it is for comparing, logging and watching. Otherwise as Ref.
template <typename... M>
class AnyRef : public detail::RefCalls<AnyRef<M...>> {
public:
    /// Whether `Message` is among its messages.
    template <typename Message>
    static constexpr bool takes = (std::same_as<Message, M> || ...);

    AnyRef() noexcept = default;
    /// From a Ref to any class that handles all of these messages.
    template <typename A>
        requires(Handles<A, M> && ...)
    AnyRef(const Ref<A>& ref)  // NOLINT(google-explicit-constructor): a Ref is one
        : cell_(ref.cell()), ops_(&table<A>) {}
    /// From one that takes more.
    template <typename... Others>
        requires(sizeof...(M) == 0 && sizeof...(Others) > 0)
    AnyRef(const AnyRef<Others...>& ref)  // NOLINT(google-explicit-constructor)
        : cell_(ref.cell()) {}
    /// Without messages: what sent, what ended.
    explicit AnyRef(detail::CellRef cell) noexcept
        requires(sizeof...(M) == 0)
        : cell_(std::move(cell)) {}

    /// For the library.
    const detail::CellRef& cell() const noexcept { return cell_; }
    /// For the library.
    template <typename Message>
    const detail::MessageOps* opsFor() const noexcept {
        return ops_ == nullptr ? nullptr : ops_->template of<Message>();
    }
    /// The Ref that it was made from; empty if the actor is of another class.
    template <typename A>
    Ref<A> as() const noexcept {
        return detail::isCellOf(cell_.get(), typeid(A)) ? Ref<A>(cell_) : Ref<A>();
    }

    /// The same actor.
    bool operator==(const AnyRef& other) const noexcept { return cell_ == other.cell_; }
    /// The same actor.
    template <typename A>
    bool operator==(const Ref<A>& other) const noexcept {
        return cell_ == other.cell();
    }
    /// By age, so that they can be keys.
    auto operator<=>(const AnyRef& other) const noexcept { return this->id() <=> other.id(); }

private:
    template <typename Message>
    struct Entry {
        const detail::MessageOps* ops;
    };
    struct Table : Entry<M>... {
        template <typename Message>
        const detail::MessageOps* of() const noexcept {
            return static_cast<const Entry<Message>&>(*this).ops;
        }
    };
    template <typename A>
    static constexpr Table table{Entry<M>{&detail::handlerOps<A, M>}...};

    detail::CellRef cell_;
    const Table* ops_ = nullptr;
};

}  // namespace tempeh::actors

template <typename A>
struct std::hash<tempeh::actors::Ref<A>> {
    /// The same for Refs that are equal.
    std::size_t operator()(const tempeh::actors::Ref<A>& ref) const noexcept {
        return std::hash<const void*>()(ref.cell().get());
    }
};
template <typename... M>
struct std::hash<tempeh::actors::AnyRef<M...>> {
    /// The same for handles that are equal.
    std::size_t operator()(const tempeh::actors::AnyRef<M...>& ref) const noexcept {
        return std::hash<const void*>()(ref.cell().get());
    }
};

#pragma once

#include <tempeh/actors/arena.hpp>
#include <tempeh/actors/detail/type_name.hpp>
#include <tempeh/base/export.hpp>
#include <tempeh/core/asio.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace tempeh::actors::detail {

class Cell;
class Worker;
class AskBase;
struct Envelope;

/// What one worker hands to another: the hook of its inbox, and what to do there. `run` owns the node.
struct Node {
    Node* next = nullptr;
    void (*run)(Node& node, Worker* worker) noexcept = nullptr;
};

/// How an actor of one class handles a message of one type. Tables in static memory.
struct MessageOps {
    const std::type_info* type;
    std::string_view name;
    /// Calls a plain handler, which answers as it returns; null if the handler is a coroutine. What the
    /// handler throws leaves it.
    void (*handle)(void* actor, Envelope& envelope);
    /// Makes the coroutine of a handler that is one; null if it is plain.
    asio::awaitable<void> (*start)(void* actor, Envelope& envelope);
    /// Destroys the message in an envelope.
    void (*destroy)(Envelope& envelope) noexcept;
    /// A second envelope with a copy of the message; null for messages that cannot be copied. Throws what
    /// copying throws.
    Envelope* (*clone)(const Envelope& envelope);
    /// A hash of the message's routingKey(); null if it has none.
    std::size_t (*routingKey)(const Envelope& envelope);
};

/// A message on its way to an actor, with the message itself behind this header. Owned by the queue it is in,
/// then by whoever handles it.
struct Envelope : Node {
    const MessageOps* ops = nullptr;
    Cell* target = nullptr;   ///< Holds a reference while it is in the inbox of a worker.
    Cell* sender = nullptr;   ///< Holds a reference, unless null. See hasLocalSender.
    AskBase* ask = nullptr;   ///< Waits for the answer, unless null.
    Arena arena;              ///< The memory that travels with it; outlives the message.
    std::int64_t sentAt = 0;  ///< On the system's clock, for the messages that are timed; 0 for the others.
    std::uint32_t size = 0;   ///< Of the whole block.
    bool hasLocalSender = false;  ///< The sender's worker counts the reference without an atomic.
};

/// Where the message is in its envelope.
inline constexpr std::size_t messageOffset = (sizeof(Envelope) + alignof(std::max_align_t) - 1) /
                                             alignof(std::max_align_t) * alignof(std::max_align_t);

template <typename M>
M& messageOf(Envelope& envelope) noexcept {
    return *std::launder(
        reinterpret_cast<M*>(reinterpret_cast<std::byte*>(&envelope) + messageOffset));  // NOLINT
}
template <typename M>
const M& messageOf(const Envelope& envelope) noexcept {
    return messageOf<M>(const_cast<Envelope&>(envelope));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

/// Memory for an envelope, from the running worker's stock if there is one. Throws std::bad_alloc.
TEMPEH_ACTORS_EXPORT Envelope* allocateEnvelope(std::size_t messageSize);
/// Gives the memory back. The message is destroyed already.
TEMPEH_ACTORS_EXPORT void freeEnvelope(Envelope& envelope) noexcept;
/// An envelope that was not taken and has no sender yet: destroys message and envelope.
TEMPEH_ACTORS_EXPORT void discardEnvelope(Envelope& envelope) noexcept;

struct DiscardEnvelope {
    void operator()(Envelope* envelope) const noexcept { discardEnvelope(*envelope); }
};
/// Owns an envelope that was not sent yet.
using EnvelopePtr = std::unique_ptr<Envelope, DiscardEnvelope>;

/// Makes the message in place. Throws what its constructor throws, and std::bad_alloc.
template <typename M, typename... Fields>
EnvelopePtr makeEnvelope(const MessageOps& ops, Fields&&... fields) {
    static_assert(alignof(M) <= alignof(std::max_align_t), "messages of greater alignment are not supported");
    Envelope* envelope = allocateEnvelope(sizeof(M));
    try {
        void* place = reinterpret_cast<std::byte*>(envelope) + messageOffset;  // NOLINT
        if constexpr (std::is_constructible_v<M, Fields...>)
            ::new (place) M(std::forward<Fields>(fields)...);
        else
            ::new (place) M{std::forward<Fields>(fields)...};
    } catch (...) {
        freeEnvelope(*envelope);
        throw;
    }
    envelope->ops = &ops;
    return EnvelopePtr(envelope);
}

}  // namespace tempeh::actors::detail

#include "actors/cell.hpp"
#include "actors/cell_extra.hpp"
#include "actors/out_of_memory.hpp"
#include "actors/supervision.hpp"
#include "actors/system_core.hpp"

#include <tempeh/actors/detail/cell_ref.hpp>

#include <utility>

namespace tempeh::actors::detail {

namespace {

/// One message of so many is timed; reading the clock costs as much as handling some messages does.
constexpr unsigned timedOf = 64;
thread_local constinit unsigned sinceTimed = 0;

void arriveUrgent(Node& node, Worker*) noexcept {
    auto& envelope = static_cast<Envelope&>(node);
    const CellRef cell = CellRef::adopt(std::exchange(envelope.target, nullptr));
    static_cast<Cell*>(cell.get())->acceptUrgent(envelope);
}

}  // namespace

Envelope* allocateEnvelope(std::size_t messageSize) {
    const std::size_t size = messageOffset + messageSize;
    auto* envelope = ::new (allocateBlock(size)) Envelope();
    envelope->size = static_cast<std::uint32_t>(size);
    return envelope;
}

void freeEnvelope(Envelope& envelope) noexcept {
    const std::size_t size = envelope.size;
    envelope.~Envelope();
    freeBlock(&envelope, size);
}

void discardEnvelope(Envelope& envelope) noexcept {
    envelope.ops->destroy(envelope);
    freeEnvelope(envelope);
}

void disposeEnvelope(Envelope& envelope) noexcept {
    if (envelope.ask != nullptr)
        std::exchange(envelope.ask, nullptr)->fail(Errc::HandlerFailed, "the question was not answered");
    if (envelope.sender != nullptr) {
        if (envelope.hasLocalSender)
            envelope.sender->releaseLocally();
        else
            static_cast<void>(CellRef::adopt(envelope.sender));
    }
    envelope.ops->destroy(envelope);
    freeEnvelope(envelope);
}

void buryEnvelope(Envelope& envelope, const Cell& target, Errc reason, std::string_view text) noexcept {
    target.system().bury(envelope, target, reason);
    if (envelope.ask != nullptr) {
        const std::string words =
            inWords([&] { return text.empty() ? target.name() : target.name() + ": " + std::string(text); });
        std::exchange(envelope.ask, nullptr)->fail(reason, words);
    }
    disposeEnvelope(envelope);
}

void noteSender(Envelope& envelope, const Cell& target) noexcept {
    if (++sinceTimed % timedOf == 0) envelope.sentAt = SystemCore::clock(target.worker());
    Cell* const sender = here.cell;
    if (sender == nullptr) return;
    envelope.sender = sender;
    envelope.hasLocalSender = target.worker().isHere();
    if (envelope.hasLocalSender)
        sender->holdLocally();
    else
        sender->count.fetch_add(CellCount::reference, std::memory_order_relaxed);
}

Errc deliver(CellCount& target, EnvelopePtr envelope) noexcept {
    auto& cell = static_cast<Cell&>(target);
    if (cell.isPool()) return cell.supervision()->route(std::move(envelope));
    const Errc errc = cell.offer(envelope);
    if (envelope != nullptr)
        buryEnvelope(*envelope.release(), cell, errc);  // OnFull::Wait: only send() waits
    return errc;
}

void sendUrgent(CellRef ref, EnvelopePtr message) noexcept {
    auto& cell = *static_cast<Cell*>(ref.get());
    Envelope& envelope = *message.release();
    if (cell.worker().isHere()) return cell.acceptUrgent(envelope);
    envelope.target = static_cast<Cell*>(ref.release());
    envelope.run = &arriveUrgent;
    if (cell.worker().push(envelope)) return;
    const CellRef back = CellRef::adopt(std::exchange(envelope.target, nullptr));
    buryEnvelope(envelope, cell, Errc::Stopped);
}

void destroyCell(CellCount& cell) noexcept {
    Cell::destroy(static_cast<Cell&>(cell));
}

std::string cellName(const CellCount* cell) {
    return cell == nullptr ? std::string() : static_cast<const Cell*>(cell)->name();
}

std::uint64_t cellId(const CellCount* cell) noexcept {
    return cell == nullptr ? 0 : static_cast<const Cell*>(cell)->id();
}

bool isCellOf(const CellCount* cell, const std::type_info& actor) noexcept {
    const ActorType* const type = cell == nullptr ? nullptr : static_cast<const Cell*>(cell)->type();
    return type != nullptr && *type->type == actor;
}

const MessageOps* cellOps(const CellCount& cell, const std::type_info& message) noexcept {
    const ActorType* const type = static_cast<const Cell&>(cell).type();
    return type == nullptr ? nullptr : type->find(message);
}

}  // namespace tempeh::actors::detail

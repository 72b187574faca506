#pragma once

#include <tempeh/actors/detail/envelope.hpp>
#include <tempeh/actors/errc.hpp>

#include <atomic>
#include <cstdint>
#include <string>
#include <typeinfo>
#include <utility>

namespace tempeh::actors::detail {

/// The head of every cell: what Refs need of it without knowing more. The low half of `count` is the number
/// of references; the high half is the number of messages on their way from other workers, each of which is
/// a reference too.
class CellCount {
public:
    static constexpr std::uint64_t reference = 1;
    static constexpr std::uint64_t arrival = (std::uint64_t{1} << 32U) + reference;

    std::atomic<std::uint64_t> count{reference};
};

/// The last reference is gone.
TEMPEH_ACTORS_EXPORT void destroyCell(CellCount& cell) noexcept;

/// A counted pointer to a cell. Any thread may copy and drop it.
class CellRef {
public:
    CellRef() noexcept = default;
    /// Takes over a reference that the caller holds.
    static CellRef adopt(CellCount* cell) noexcept { return CellRef(cell); }
    static CellRef share(CellCount* cell) noexcept {
        if (cell != nullptr) cell->count.fetch_add(CellCount::reference, std::memory_order_relaxed);
        return CellRef(cell);
    }
    CellRef(const CellRef& other) noexcept : CellRef(share(other.cell_)) {}
    CellRef(CellRef&& other) noexcept : cell_(std::exchange(other.cell_, nullptr)) {}
    CellRef& operator=(CellRef other) noexcept {
        std::swap(cell_, other.cell_);
        return *this;
    }
    ~CellRef() {
        if (cell_ != nullptr &&
            cell_->count.fetch_sub(CellCount::reference, std::memory_order_acq_rel) == CellCount::reference)
            destroyCell(*cell_);
    }

    CellCount* get() const noexcept { return cell_; }
    CellCount* release() noexcept { return std::exchange(cell_, nullptr); }
    explicit operator bool() const noexcept { return cell_ != nullptr; }
    bool operator==(const CellRef&) const noexcept = default;

private:
    explicit CellRef(CellCount* cell) noexcept : cell_(cell) {}

    CellCount* cell_ = nullptr;
};

/// Sends an envelope, from any thread. Consumes it, whatever comes back.
TEMPEH_ACTORS_EXPORT Errc deliver(CellCount& target, EnvelopePtr envelope) noexcept;
/// The name; "counter#17" made of class and number for an actor without one.
TEMPEH_ACTORS_EXPORT std::string cellName(const CellCount* cell);
/// Unique in the process; 0 for null.
TEMPEH_ACTORS_EXPORT std::uint64_t cellId(const CellCount* cell) noexcept;
/// Whether it runs an actor of that class.
TEMPEH_ACTORS_EXPORT bool isCellOf(const CellCount* cell, const std::type_info& actor) noexcept;
/// How its class handles messages of that type; null if it does not.
TEMPEH_ACTORS_EXPORT const MessageOps* cellOps(const CellCount& cell, const std::type_info& message) noexcept;

}  // namespace tempeh::actors::detail

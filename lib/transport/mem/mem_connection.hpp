#pragma once

#include "transport/mem/mem_ring.hpp"
#include "transport/mem/mem_waiter.hpp"

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/message/status.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace tempeh::transport {

/// What both ends of a connection in memory share. Side 0 connected, side 1 accepted. Each side has one
/// reader and one writer at a time, on any threads; they take no lock, except to wake the other side.
class MemConnection {
public:
    explicit MemConnection(std::string name) : name_(std::move(name)) {}

    const std::string& name() const noexcept { return name_; }

    std::size_t read(std::size_t side, std::span<const std::span<std::byte>> into, error_code& ec) noexcept;
    std::size_t write(std::size_t side, std::span<const std::span<const std::byte>> from,
                      error_code& ec) noexcept;
    /// False: not yet; the side's waiter is rung when it is.
    bool isReadable(std::size_t side) noexcept;
    bool isWritable(std::size_t side) noexcept;

    void endWriting(std::size_t side) noexcept;
    void close(std::size_t side) noexcept;
    bool isClosed(std::size_t side) const noexcept { return sides_[side].isClosed.load(); }

    /// Who is rung; empty: nobody.
    void setWaiter(std::size_t side, std::weak_ptr<MemWaiter> waiter) noexcept;

private:
    struct Side {
        MemRing inbox;
        std::atomic<bool> hasEnded{false};  // writes no more
        std::atomic<bool> isClosed{false};
        std::atomic<bool> awaitsInput{false};
        std::atomic<bool> awaitsRoom{false};
        base::Mutex mutex;
        std::weak_ptr<MemWaiter> waiter TEMPEH_GUARDED_BY(mutex);
    };

    static constexpr std::size_t other(std::size_t side) noexcept { return 1 - side; }
    static void tell(Side& side, std::atomic<bool>& awaits) noexcept;
    bool hasInput(std::size_t side) const noexcept;
    bool hasRoom(std::size_t side) const noexcept;

    const std::string name_;
    std::array<Side, 2> sides_;
};

}  // namespace tempeh::transport

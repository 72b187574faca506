#include "transport/mem/mem_connection.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <utility>

namespace tempeh::transport {

namespace asio = boost::asio;

// Waiting without a lock: who waits sets its flag and then looks again; who writes or reads does so and then
// looks at the flag. All of that in one sequential order, so that one of the two sees the other.

/// Rings the side if it waits for that.
void MemConnection::tell(Side& side, std::atomic<bool>& awaits) noexcept {
    if (!awaits.load() || !awaits.exchange(false)) return;
    std::shared_ptr<MemWaiter> waiter;
    {
        const base::MutexLock lock(side.mutex);
        waiter = side.waiter.lock();
    }
    if (waiter != nullptr) waiter->ring();
}

std::size_t MemConnection::read(std::size_t side, std::span<const std::span<std::byte>> into,
                                error_code& ec) noexcept {
    Side& mine = sides_[side];
    Side& peer = sides_[other(side)];
    ec.clear();
    if (mine.isClosed.load(std::memory_order_relaxed)) {
        ec = asio::error::operation_aborted;
        return 0;
    }
    const bool isLast = peer.hasEnded.load(std::memory_order_acquire);  // before what it wrote is looked at
    const std::size_t size = mine.inbox.read(into);
    if (size != 0) {
        if (hasRoom(other(side))) tell(peer, peer.awaitsRoom);
    } else if (mine.inbox.unread() == 0) {
        ec = isLast ? error_code(asio::error::eof) : error_code(asio::error::would_block);
    }
    return size;
}

std::size_t MemConnection::write(std::size_t side, std::span<const std::span<const std::byte>> from,
                                 error_code& ec) noexcept {
    const Side& mine = sides_[side];
    Side& peer = sides_[other(side)];
    ec.clear();
    if (mine.isClosed.load(std::memory_order_relaxed))
        ec = asio::error::operation_aborted;
    else if (peer.isClosed.load(std::memory_order_acquire) || mine.hasEnded.load(std::memory_order_relaxed))
        ec = asio::error::broken_pipe;
    if (ec) return 0;
    const std::size_t size = peer.inbox.write(from);
    if (size != 0)
        tell(peer, peer.awaitsInput);
    else if (peer.inbox.room() == 0)
        ec = asio::error::would_block;
    return size;
}

bool MemConnection::hasInput(std::size_t side) const noexcept {
    return sides_[side].isClosed.load() || sides_[other(side)].hasEnded.load() ||
           sides_[side].inbox.unread() != 0;
}

bool MemConnection::hasRoom(std::size_t side) const noexcept {
    // A writer that is woken for every few bytes of room does nothing but wake and sleep.
    constexpr std::size_t worthwhile = MemRing::capacity / 4;
    const Side& mine = sides_[side];
    const Side& peer = sides_[other(side)];
    return mine.isClosed.load() || mine.hasEnded.load() || peer.isClosed.load() ||
           peer.inbox.room() >= worthwhile;
}

bool MemConnection::isReadable(std::size_t side) noexcept {
    if (hasInput(side)) return true;
    sides_[side].awaitsInput.store(true);
    return hasInput(side);
}

bool MemConnection::isWritable(std::size_t side) noexcept {
    if (hasRoom(side)) return true;
    sides_[side].awaitsRoom.store(true);
    return hasRoom(side);
}

void MemConnection::endWriting(std::size_t side) noexcept {
    sides_[side].hasEnded.store(true);
    Side& peer = sides_[other(side)];
    tell(peer, peer.awaitsInput);
    tell(peer, peer.awaitsRoom);
}

void MemConnection::close(std::size_t side) noexcept {
    sides_[side].isClosed.store(true);
    endWriting(side);
}

void MemConnection::setWaiter(std::size_t side, std::weak_ptr<MemWaiter> waiter) noexcept {
    Side& mine = sides_[side];
    const base::MutexLock lock(mine.mutex);
    mine.waiter = std::move(waiter);
}

}  // namespace tempeh::transport

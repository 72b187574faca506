#include "testing/connection.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace tempeh::testing::detail {

namespace {

std::size_t sizeOf(std::span<const std::span<const std::byte>> parts) noexcept {
    std::size_t size = 0;
    for (const std::span<const std::byte> part : parts)
        size += part.size();
    return size;
}

std::vector<std::byte> copyOf(std::span<const std::span<const std::byte>> parts, std::size_t size) {
    std::vector<std::byte> bytes;
    bytes.reserve(size);
    for (const std::span<const std::byte> part : parts) {
        const auto taken = part.first(std::min(part.size(), size - bytes.size()));
        bytes.insert(bytes.end(), taken.begin(), taken.end());
    }
    return bytes;
}

}  // namespace

std::shared_ptr<Connection> Connection::make(World& world, Party client, Party server) {
    constexpr std::size_t silentWithinMicros = 300'000;
    auto connection = std::make_shared<Connection>(world, std::move(client), std::move(server));
    world.add(connection);
    if (world.fault(world.options().halfOpens)) {
        world.timeline().after(std::chrono::microseconds(world.between(0, silentWithinMicros)),
                               [weak = connection->weak_from_this()] {
                                   const auto self = weak.lock();
                                   if (self == nullptr) return;
                                   self->isSilent_ = true;
                                   self->world_.trace().add(TraceEvent::Silence, self->id_);
                               });
    }
    return connection;
}

Connection::Connection(World& world, Party client, Party server)
    : world_(world)
    , id_(world.nextId())
    , ends_{End{std::move(client)}, End{std::move(server)}}
    , pipes_{Pipe(world.between(world.options().minBufferBytes, world.options().maxBufferBytes)),
             Pipe(world.between(world.options().minBufferBytes, world.options().maxBufferBytes))} {}

bool Connection::isHeldUp() const noexcept {
    return isSilent_ || world_.isCut(ends_[0].party.host, ends_[1].party.host);
}

// --- Reading ---

bool Connection::isReadable(std::size_t side) noexcept {
    const Pipe& pipe = incoming(side);
    return pipe.unreadBytes() != 0 || pipe.hasEndArrived() || ends_[side].error;
}

std::size_t Connection::read(std::size_t side, std::span<const std::span<std::byte>> into,
                             error_code& ec) noexcept {
    End& end = ends_[side];
    Pipe& pipe = incoming(side);
    ec.clear();
    if (!end.isOpen) {
        ec = asio::error::operation_aborted;
    } else if (const std::size_t there = pipe.unreadBytes(); there != 0) {
        const std::size_t atMost =
            world_.chance(world_.options().shortReads) ? world_.between(1, there) : there;
        const std::size_t size = pipe.read(into, atMost);
        world_.trace().add(TraceEvent::Read, name(side), size);
        tellWriter(other(side));
        return size;
    } else if (end.error) {
        ec = end.error;
    } else {
        ec = pipe.hasEndArrived() ? error_code(asio::error::eof) : error_code(asio::error::would_block);
    }
    return 0;
}

void Connection::startReceive(std::size_t side, std::span<std::byte> into,
                              transport::AwaitedOperation::Completion done) {
    End& end = ends_[side];
    end.into = into;
    end.receiver.emplace(std::move(done));
    if (!end.isOpen) return abortWaits(side);
    tellReader(side);
}

void Connection::startWaitReadable(std::size_t side, Wake wake) {
    End& end = ends_[side];
    end.reader.emplace(std::move(wake));
    if (!end.isOpen) return abortWaits(side);
    tellReader(side);
}

void Connection::tellReader(std::size_t side) {
    End& end = ends_[side];
    if (!end.isOpen || !isReadable(side)) return;
    if (end.reader) post(end.party.executor, end.reader, {});
    if (!end.receiver) return;
    error_code ec;
    const std::size_t size = read(side, std::span<const std::span<std::byte>>(&end.into, 1), ec);
    transport::AwaitedOperation::Completion done(std::move(*end.receiver));
    end.receiver.reset();
    asio::post(end.party.executor, [done = std::move(done), ec, size]() mutable { done(ec, size); });
}

// --- Writing ---

bool Connection::isWritable(std::size_t side) noexcept {
    const End& end = ends_[side];
    return end.error || pipes_[side].isEnded() || (pipes_[side].room() != 0 && now() >= end.writableFrom);
}

/// How much of `offered` can be written now.
std::size_t Connection::writableBytes(std::size_t side, std::size_t offered, error_code& ec) noexcept {
    End& end = ends_[side];
    const Pipe& pipe = pipes_[side];
    ec.clear();
    if (!end.isOpen) {
        ec = asio::error::operation_aborted;
    } else if (end.error || pipe.isEnded()) {
        ec = asio::error::broken_pipe;
    } else if (pipe.room() == 0 || now() < end.writableFrom) {
        ec = asio::error::would_block;
    } else if (world_.chance(world_.options().blockedWrites)) {
        ec = asio::error::would_block;
        end.writableFrom = now() + world_.latency();
        world_.timeline().at(end.writableFrom, [weak = weak_from_this(), side] {
            if (const auto self = weak.lock()) self->tellWriter(side);
        });
    }
    if (ec) return 0;
    const std::size_t most = std::min(offered, pipe.room());
    return most > 1 && world_.chance(world_.options().shortWrites) ? world_.between(1, most) : most;
}

std::size_t Connection::write(std::size_t side, std::span<const std::span<const std::byte>> from,
                              error_code& ec) noexcept {
    const std::size_t size = writableBytes(side, sizeOf(from), ec);
    if (ec) {
        world_.trace().add(TraceEvent::Blocked, name(side), static_cast<std::uint64_t>(ec.value()));
        return 0;
    }
    std::vector<std::byte> bytes = copyOf(from, size);
    world_.trace().addBytes(TraceEvent::Write, name(side), bytes);
    send(side, std::move(bytes));
    mayFail();
    return size;
}

/// Sends the bytes in one piece or two: how a stream splits does not depend on how it was written.
void Connection::send(std::size_t side, std::vector<std::byte> bytes) {
    Pipe& pipe = pipes_[side];
    if (bytes.size() > 1 && world_.chance(world_.options().shortReads)) {
        const auto cut = static_cast<std::ptrdiff_t>(world_.between(1, bytes.size() - 1));
        std::vector<std::byte> rest(bytes.begin() + cut, bytes.end());
        bytes.resize(static_cast<std::size_t>(cut));
        scheduleArrival(side, pipe.send(std::move(bytes), now() + world_.passage()));
        bytes = std::move(rest);
    }
    scheduleArrival(side, pipe.send(std::move(bytes), now() + world_.passage()));
}

void Connection::mayFail() {
    if (!world_.fault(world_.options().resets)) return;
    for (std::size_t side = 0; side < 2; ++side)
        world_.timeline().after(world_.latency(), [weak = weak_from_this(), side] {
            if (const auto self = weak.lock()) self->onReset(side);
        });
}

void Connection::startWaitWritable(std::size_t side, Wake wake) {
    End& end = ends_[side];
    end.writer.emplace(std::move(wake));
    if (!end.isOpen) return abortWaits(side);
    tellWriter(side);
}

void Connection::tellWriter(std::size_t side) {
    End& end = ends_[side];
    if (end.isOpen && end.writer && isWritable(side)) post(end.party.executor, end.writer, {});
}

// --- In flight ---

void Connection::scheduleArrival(std::size_t from, TimePoint when) {
    world_.timeline().at(when, [weak = weak_from_this(), from] {
        if (const auto self = weak.lock()) self->arrive(from);
    });
}

void Connection::arrive(std::size_t from) {
    if (isHeldUp()) return;
    const std::size_t to = other(from);
    if (!ends_[to].isOpen || ends_[to].error) {
        // No reader is left: the kernel drops the data, resets the connection and discards what it still had
        // to send.
        const bool isToldOf = pipes_[from].inFlightBytes() != 0;
        pipes_[from].drop();
        if (isToldOf) sendReset(to, world_.latency());
        return;
    }
    const Pipe::Arrived arrived = pipes_[from].arrive(now());
    if (arrived.bytes == 0 && !arrived.isEnd) return;
    world_.trace().add(TraceEvent::Arrive, name(to), arrived.bytes);
    tellReader(to);
    tellWriter(from);
}

void Connection::onHealed() {
    if (isHeldUp()) return;
    for (std::size_t side = 0; side < 2; ++side) {
        if (!pipes_[side].isEmpty()) {
            const TimePoint when = now() + world_.latency();
            pipes_[side].holdUntil(when);
            scheduleArrival(side, when);
        }
        if (std::exchange(ends_[side].isResetHeldUp, false)) onReset(side);
    }
}

// --- Ending ---

void Connection::shutdownSend(std::size_t side) noexcept {
    End& end = ends_[side];
    Pipe& pipe = pipes_[side];
    if (!end.isOpen || end.error || pipe.isEnded()) return;
    world_.trace().add(TraceEvent::End, name(side));
    scheduleArrival(side, pipe.sendEnd(now() + world_.passage()));
    tellWriter(side);
}

void Connection::close(std::size_t side) noexcept {
    End& end = ends_[side];
    if (!end.isOpen) return;
    world_.trace().add(TraceEvent::Close, name(side));
    if (!end.error) {
        if (incoming(side).unreadBytes() != 0)
            sendReset(side, world_.latency());
        else
            shutdownSend(side);
    }
    end.isOpen = false;
    abortWaits(side);
}

bool Connection::hasUnsent(std::size_t side) const noexcept {
    // A Unix socket's bytes are in the peer's queue at once.
    return isTcp() && ends_[side].isOpen && pipes_[side].inFlightBytes() != 0;
}

/// This side's kernel resets the connection. Over TCP, data still in flight is lost.
void Connection::sendReset(std::size_t side, Duration delay) {
    TimePoint when = now() + delay;
    if (isTcp())
        pipes_[side].drop();
    else
        when = std::max(when, pipes_[side].lastArrival());
    world_.timeline().at(when, [weak = weak_from_this(), to = other(side)] {
        if (const auto self = weak.lock()) self->onReset(to);
    });
}

void Connection::onReset(std::size_t side) {
    End& end = ends_[side];
    if (!end.isOpen || end.error) return;
    if (isHeldUp()) {
        end.isResetHeldUp = true;
        return;
    }
    world_.trace().add(TraceEvent::Reset, name(side));
    end.error = asio::error::connection_reset;
    if (isTcp()) {
        pipes_[0].drop();
        pipes_[1].drop();
    }
    tellReader(side);
    tellWriter(side);
}

/// The kernel's behaviour when a process was killed, or when its machine restarted.
void Connection::onCrash(HostId host) {
    for (std::size_t side = 0; side < 2; ++side) {
        if (ends_[side].party.host != host || !ends_[side].isOpen) continue;
        if (world_.chance(0.5)) sendReset(side, world_.latency());
        close(side);
    }
}

void Connection::abortWaits(std::size_t side) {
    End& end = ends_[side];
    const error_code aborted = asio::error::operation_aborted;
    if (end.reader) post(end.party.executor, end.reader, aborted);
    if (end.writer) post(end.party.executor, end.writer, aborted);
    if (!end.receiver) return;
    transport::AwaitedOperation::Completion done(std::move(*end.receiver));
    end.receiver.reset();
    asio::post(end.party.executor, [done = std::move(done), aborted]() mutable { done(aborted, 0); });
}

void Connection::post(const asio::any_io_executor& executor, std::optional<Wake>& wake,
                      const error_code& ec) {
    Wake taken(std::move(*wake));
    wake.reset();
    asio::post(executor, [taken = std::move(taken), ec]() mutable { taken(ec); });
}

}  // namespace tempeh::testing::detail

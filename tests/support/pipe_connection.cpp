#include "support/pipe_connection.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace tempeh::test {

namespace {

/// Calls `done` through the executor.
void finish(const asio::any_io_executor& executor, std::optional<PipeEnd::Completion>& done, error_code ec,
            std::size_t size = 0) {
    PipeEnd::Completion taken(std::move(*done));
    done.reset();
    asio::post(executor, [taken = std::move(taken), ec, size]() mutable { taken(ec, size); });
}

}  // namespace

// --- What is shared ---

void PipeConnection::attach(std::size_t side, const std::shared_ptr<PipeEnd>& end,
                            const asio::any_io_executor& executor) {
    const std::scoped_lock lock(mutex_);
    sides_[side].end = end;
    sides_[side].bell.install(executor);
}

void PipeConnection::tell(Side& side) {
    side.awaitsInput = side.awaitsRoom = false;
    side.bell.ring([end = side.end] {
        if (const std::shared_ptr<PipeEnd> living = end.lock()) living->look();
    });
}

std::size_t PipeConnection::read(std::size_t side, std::span<const std::span<std::byte>> into,
                                 error_code& ec) {
    const std::scoped_lock lock(mutex_);
    Side& mine = sides_[side];
    Side& other = sides_[1 - side];
    ec.clear();
    if (mine.isClosed) {
        ec = asio::error::operation_aborted;
    } else if (mine.inbox.empty()) {
        ec = other.hasEnded ? error_code(asio::error::eof) : error_code(asio::error::would_block);
    }
    std::size_t size = 0;
    if (ec) return size;
    for (const std::span<std::byte> part : into) {
        const std::size_t piece = std::min(part.size(), mine.inbox.size() - size);
        std::copy_n(mine.inbox.begin() + static_cast<std::ptrdiff_t>(size), piece, part.begin());
        size += piece;
    }
    mine.inbox.erase(mine.inbox.begin(), mine.inbox.begin() + static_cast<std::ptrdiff_t>(size));
    if (other.awaitsRoom) tell(other);
    return size;
}

std::size_t PipeConnection::write(std::size_t side, std::span<const std::span<const std::byte>> from,
                                  error_code& ec) {
    const std::scoped_lock lock(mutex_);
    const Side& mine = sides_[side];
    Side& other = sides_[1 - side];
    ec.clear();
    if (mine.isClosed)
        ec = asio::error::operation_aborted;
    else if (other.isClosed || mine.hasEnded)
        ec = asio::error::broken_pipe;
    else if (other.inbox.size() == capacity)
        ec = asio::error::would_block;
    std::size_t size = 0;
    if (ec) return size;
    for (const std::span<const std::byte> part : from) {
        const std::size_t piece = std::min(part.size(), capacity - other.inbox.size());
        other.inbox.insert(other.inbox.end(), part.begin(),
                           part.begin() + static_cast<std::ptrdiff_t>(piece));
        size += piece;
    }
    if (other.awaitsInput) tell(other);
    return size;
}

bool PipeConnection::isReadable(std::size_t side) {
    const std::scoped_lock lock(mutex_);
    Side& mine = sides_[side];
    const bool isIt = mine.isClosed || !mine.inbox.empty() || sides_[1 - side].hasEnded;
    mine.awaitsInput = !isIt;
    return isIt;
}

bool PipeConnection::isWritable(std::size_t side) {
    const std::scoped_lock lock(mutex_);
    Side& mine = sides_[side];
    const Side& other = sides_[1 - side];
    const bool isIt = mine.isClosed || mine.hasEnded || other.isClosed || other.inbox.size() < capacity;
    mine.awaitsRoom = !isIt;
    return isIt;
}

void PipeConnection::end(std::size_t side) {
    sides_[side].hasEnded = true;
    Side& other = sides_[1 - side];
    if (other.awaitsInput || other.awaitsRoom) tell(other);
}

void PipeConnection::endWriting(std::size_t side) {
    const std::scoped_lock lock(mutex_);
    end(side);
}

void PipeConnection::close(std::size_t side) {
    const std::scoped_lock lock(mutex_);
    sides_[side].isClosed = true;
    end(side);
}

void PipeConnection::detach(std::size_t side) {
    const std::scoped_lock lock(mutex_);
    sides_[side].bell.remove();
}

// --- One end ---

void PipeEnd::awaitInput(std::span<std::byte> into, Completion done) {
    into_ = into;
    reader_.emplace(std::move(done));
    look();
}

void PipeEnd::awaitRoom(Completion done) {
    writer_.emplace(std::move(done));
    look();
}

void PipeEnd::look() {
    if (isOver_) return abort();
    if (reader_ && connection_->isReadable(side_)) {
        error_code ec;
        std::size_t size = 0;
        if (!into_.empty()) size = connection_->read(side_, {&into_, 1}, ec);
        finish(executor_, reader_, ec, size);
    }
    if (writer_ && connection_->isWritable(side_)) finish(executor_, writer_, {});
}

void PipeEnd::abort() {
    isOver_ = true;
    if (reader_) finish(executor_, reader_, asio::error::operation_aborted);
    if (writer_) finish(executor_, writer_, asio::error::operation_aborted);
}

}  // namespace tempeh::test

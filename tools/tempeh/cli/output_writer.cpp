#include "cli/output_writer.hpp"

#include "cli/exit_code.hpp"
#include "cli/output.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <span>
#include <thread>
#include <unistd.h>
#include <utility>

namespace tool {

namespace {

using namespace std::chrono_literals;

/// 0, or the errno of what went wrong.
int tryWrite(int descriptor, std::string_view text) noexcept {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written >= 0)
            text.remove_prefix(static_cast<std::size_t>(written));
        else if (errno != EINTR)
            return errno;
    }
    return 0;
}

}  // namespace

OutputWriter& OutputWriter::instance() {
    static auto* const writer = new OutputWriter();
    return *writer;
}

void OutputWriter::throwIfFailed() const {
    if (!failure_) return;
    // `| head` has seen enough: there is nothing to complain about.
    const std::string text = *failure_ == EPIPE
                                 ? std::string()
                                 : std::string("cannot write the output: ") + std::strerror(*failure_);
    throw Failure(exitNegative, text);
}

void OutputWriter::add(int descriptor, std::string text) {
    const std::scoped_lock lock(mutex_);
    if (descriptor == STDOUT_FILENO) throwIfFailed();
    queuedBytes_ += text.size();
    pieces_.push_back({descriptor, std::move(text)});
    if (!std::exchange(isRunning_, true)) std::thread(&OutputWriter::run, this).detach();
    changed_.notify_all();
}

boost::asio::awaitable<void> OutputWriter::room() {
    std::optional<boost::asio::steady_timer> timer;
    for (std::chrono::milliseconds pause = 1ms;; pause = std::min(pause * 2, 50ms)) {
        {
            const std::scoped_lock lock(mutex_);
            throwIfFailed();
            if (!isFull() || isInterrupted_) co_return;
        }
        if (!timer) timer.emplace(co_await boost::asio::this_coro::executor);
        timer->expires_after(pause);
        co_await timer->async_wait(boost::asio::use_awaitable);
    }
}

void OutputWriter::waitForRoom() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !isFull() || isInterrupted_ || failure_; });
    throwIfFailed();
}

void OutputWriter::onFailure(std::function<void()> callback) {
    const std::scoped_lock lock(mutex_);
    onFailure_ = std::move(callback);
}

void OutputWriter::interrupt() {
    const std::scoped_lock lock(mutex_);
    isInterrupted_ = true;
    changed_.notify_all();
}

void OutputWriter::finish() {
    constexpr auto moment = 150ms;
    std::unique_lock lock(mutex_);
    const auto isWritten = [this] { return queuedBytes_ == 0 && pieces_.empty(); };
    changed_.wait(lock, [&] { return isWritten() || isInterrupted_; });
    if (!changed_.wait_for(lock, moment, isWritten)) {
        for (const Piece& piece : pieces_)
            if (piece.descriptor == STDERR_FILENO && !areOutputsOne()) tryWrite(STDERR_FILENO, piece.text);
        pieces_.clear();
    }
    throwIfFailed();
}

void OutputWriter::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return !pieces_.empty(); });
        const Piece piece = std::move(pieces_.front());
        pieces_.pop_front();
        const bool isOutput = piece.descriptor == STDOUT_FILENO;
        int failure = 0;
        if (!isOutput || !failure_) {
            lock.unlock();
            failure = tryWrite(piece.descriptor, piece.text);
            lock.lock();
        }
        queuedBytes_ -= piece.text.size();
        if (isOutput && failure != 0) {
            failure_ = failure;
            if (onFailure_) std::exchange(onFailure_, nullptr)();
        }
        changed_.notify_all();
    }
}

}  // namespace tool

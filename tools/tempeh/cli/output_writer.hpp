#pragma once

#include <boost/asio/awaitable.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

namespace tool {

/// Writes standard output and standard error on a thread of its own, in the order of the calls, so that a
/// reader which has stopped reading holds up nobody but whoever chooses to wait for it. Any thread may call
/// any of it.
class OutputWriter {
public:
    /// The program's own. Never destroyed: its thread may be stuck in a write when the program ends.
    static OutputWriter& instance();

    OutputWriter(const OutputWriter&) = delete;
    OutputWriter& operator=(const OutputWriter&) = delete;

    /// Queues the text and returns at once. Throws Failure when standard output can no longer be written.
    void add(int descriptor, std::string text);

    /// Waits until little is queued, or somebody interrupts: whoever prints without end waits here, on the
    /// engine's thread with room(), elsewhere with waitForRoom(). Throws Failure as add().
    boost::asio::awaitable<void> room();
    void waitForRoom();

    /// Called once, on the writing thread, when standard output can no longer be written; empty: nobody.
    void onFailure(std::function<void()> callback);

    /// Somebody wants the program to end: from now on nobody waits for a reader.
    void interrupt();

    /// The program ends: waits until all of it is written, after interrupt() for a moment at most. What is
    /// left for standard error is then tried once. Throws Failure when standard output could not be written.
    void finish();

private:
    struct Piece {
        int descriptor;
        std::string text;
    };

    OutputWriter() = default;
    void run();
    bool isFull() const { return queuedBytes_ > mostQueued; }
    void throwIfFailed() const;

    static constexpr std::size_t mostQueued = std::size_t{1} << 20;

    std::mutex mutex_;
    std::condition_variable changed_;
    // All of these under mutex_.
    std::deque<Piece> pieces_;
    std::size_t queuedBytes_ = 0;  // with the piece that is being written
    bool isRunning_ = false;
    bool isInterrupted_ = false;
    std::optional<int> failure_;  // errno of the first write to standard output that failed
    std::function<void()> onFailure_;
};

}  // namespace tool

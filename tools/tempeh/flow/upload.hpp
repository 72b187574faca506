#pragma once

#include "flow/input.hpp"

#include <tempeh/flows/stream_writer.hpp>

#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <mutex>

namespace tool {

namespace asio = boost::asio;

/// Sends an input as a stream, from a thread of its own: reading a file or a pipe may block.
class Upload {
public:
    explicit Upload(Input& input) : input_(input) {}
    ~Upload() { join(); }

    /// Begins. When the input cannot be read the peer is aborted; see check(). Once.
    void start(tempeh::flows::Peer peer, std::shared_ptr<tempeh::flows::StreamWriter> writer);

    /// Reads no more.
    void stop() noexcept { input_.stop(); }
    /// Waits for the end. Not on the engine's thread.
    void join();
    /// Throws what made it fail, other than the end of the channel.
    void check() const;

    bool isDone() const noexcept { return isDone_.load(); }
    /// Sent so far, bytes.
    std::uint64_t bytes() const noexcept { return bytes_.load(); }

private:
    asio::awaitable<void> send(std::shared_ptr<tempeh::flows::StreamWriter> writer);

    Input& input_;
    std::atomic<bool> isDone_{false};
    std::atomic<std::uint64_t> bytes_{0};
    mutable std::mutex mutex_;
    std::exception_ptr failure_;
    asio::thread_pool thread_{1};
};

}  // namespace tool

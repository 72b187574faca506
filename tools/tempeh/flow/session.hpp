#pragma once

#include <tempeh/core/reactor.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/signal_set.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <utility>

namespace tool {

namespace asio = boost::asio;

/// An engine, and one piece of work beside its sockets that SIGINT and SIGTERM cancel, and the end of
/// whoever reads the output. A second signal ends the program at once.
class Session {
public:
    explicit Session(const tempeh::Options& options = defaultOptions());
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    tempeh::Reactor& engine() noexcept { return engine_; }
    asio::any_io_executor executor() const noexcept { return engine_.executor(); }

    /// What the first signal does in place of cancelling; called beside the sockets. Before run(), or beside
    /// the sockets.
    void onInterrupt(std::function<void()> stop) { stop_ = std::move(stop); }

    /// Runs it to its end; what it throws comes out, operation_aborted as Failure(exitInterrupted). Once.
    int run(asio::awaitable<int> work);

    /// Any thread.
    bool isInterrupted() const noexcept { return isInterrupted_.load(); }

    /// How long an interrupted program waits for another side, each time it does.
    static constexpr std::chrono::milliseconds moment{60};

    /// For a program that ends when somebody interrupts it: nothing goes out for long behind its back, so
    /// what has to arrive is waited for (Peer::close()). Byes are waited for a second.
    static tempeh::Options defaultOptions();

private:
    void awaitSignal();
    void stop();

    std::atomic<bool> isInterrupted_{false};
    std::function<void()> stop_;
    asio::cancellation_signal cancel_;
    tempeh::Reactor engine_;
    asio::signal_set signals_;
};

}  // namespace tool

#pragma once

#include "text/latency.hpp"

#include <tempeh/flows/peer.hpp>

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <string>
#include <vector>

namespace tool {

namespace asio = boost::asio;

/// What `bench` measures.
struct LoadPlan {
    enum class Kind : std::uint8_t { RoundTrips, OneWay };
    Kind kind = Kind::RoundTrips;
    std::uint64_t size = 64;     ///< Body, bytes.
    std::uint64_t inFlight = 1;  ///< Requests at one time on each peer.
    bool checksEcho = false;     ///< The other side must send back what it got.
};

/// What was measured so far.
struct LoadCount {
    std::uint64_t messages = 0;  ///< Answered, or for one way: sent.
    std::uint64_t failures = 0;  ///< Answers with a status, of the wrong content, or none in time.
    Latency times;
};

/// Keeps peers busy. Everything on the engine's thread.
class Load {
public:
    Load(const asio::any_io_executor& executor, LoadPlan plan, std::vector<tempeh::flows::Peer> peers);

    void start();
    /// No message more; what is in flight is waited for.
    void stop() noexcept {
        if (phase_ == Phase::Running) phase_ = Phase::Stopping;
    }
    /// Completes when all have ended, after `atMost` at the latest: then what is not answered counts as
    /// failed, and the peers are aborted. Throws what made one of them fail.
    asio::awaitable<void> ended(std::chrono::steady_clock::duration atMost);
    bool hasEnded() const noexcept { return running_ == 0; }

    const LoadCount& count() const noexcept { return count_; }

private:
    asio::awaitable<void> roundTrips(tempeh::flows::Peer peer);
    asio::awaitable<void> oneWay(tempeh::flows::Peer peer);
    void run(asio::awaitable<void> worker);

    asio::any_io_executor executor_;
    LoadPlan plan_;
    std::vector<tempeh::flows::Peer> peers_;
    std::string body_;
    LoadCount count_;
    std::uint64_t running_ = 0;
    enum class Phase : std::uint8_t { Running, Stopping, Aborted } phase_ = Phase::Running;
    std::exception_ptr failure_;
    asio::steady_timer allEnded_;
};

}  // namespace tool

#pragma once

#include "support/tally.hpp"

#include <tempeh/flows.hpp>

#include <atomic>
#include <cstdint>
#include <random>
#include <string>

/// The well-behaved clients of a soak. Each keeps an account: everything asked is answered, failed with a
/// reason, or lost.
namespace tempeh::soak {

/// What became of what one client sent.
struct Account {
    explicit Account(std::string client) : name(std::move(client)) {}

    std::string name;
    std::atomic<std::uint64_t> next{1};      ///< The next request's number.
    std::atomic<std::uint64_t> asked{0};     ///< Requests and streams begun.
    std::atomic<std::uint64_t> answered{0};  ///< Rightly.
    std::atomic<std::uint64_t> failed{0};    ///< Ended with an error that says the channel was cut.
    std::atomic<std::uint64_t> lost{0};      ///< No end in a long time, or an end nobody can explain.
    std::atomic<std::uint64_t> wrong{0};     ///< Another's answer, a wrong checksum, out of order, twice.
    std::atomic<std::uint64_t> signals{0};
    std::atomic<std::uint64_t> sentAgain{0};
    std::atomic<std::uint64_t> reconnects{0};
    bool mayFail = false;  ///< Its connections are cut on purpose.
};

/// Set at the end: everybody finishes what they are at.
using StopFlag = std::atomic<bool>;

/// A stop flag, an account and dice: what every worker has.
struct Worker {
    Account* account = nullptr;
    const StopFlag* isStopping = nullptr;
    std::uint64_t seed = 1;
};

/// Requests one after the other, with a pause after each; some of a few bytes, some of many.
asio::awaitable<void> ask(flows::Peer peer, Worker worker, Duration pause);
asio::awaitable<void> askAgainAndAgain(flows::ReconnectingPeer link, Worker worker, Duration pause);
void askBlocking(flows::BlockingPeer peer, Worker worker, Duration pause);
/// Numbered signals, between the requests of the same channel.
asio::awaitable<void> signal(flows::Peer peer, Worker worker, Duration pause);
/// Streams up and down; connects again where the connection is cut.
asio::awaitable<void> stream(Ampe* engine, Address address, Worker worker, Duration pause);

/// Groups, and now and then whole engines, that come and go: some add up what became of every message, the
/// others are destroyed with everything in flight.
void churn(Ampe* engine, Address address, Worker worker);

}  // namespace tempeh::soak

#pragma once

#include "protocol.hpp"

#include <tempeh/core/reactor.hpp>
#include <tempeh/flows/peer.hpp>
#include <tempeh/flows/server.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace print {

namespace asio = boost::asio;

/// Keeps the jobs, and gives them to the workers that connect. Runs beside the sockets, on the engine's
/// thread.
class Spooler {
public:
    Spooler(tempeh::Reactor& engine, std::vector<tempeh::Address> addresses, std::vector<Job> jobs);

    std::vector<tempeh::Address> addresses() const { return server_.addresses(); }

    /// Until every job has been printed or given up.
    asio::awaitable<void> run();

    /// What became of each job, a line each in order of their ids. After run().
    std::vector<std::string> journal() const;

private:
    struct Record {
        int attempts = 0;
        std::string progress;
        std::string result;
    };

    std::uint8_t admit(const tempeh::Message& hello) const;
    asio::awaitable<void> serve(tempeh::flows::Peer worker);
    asio::awaitable<void> print(tempeh::flows::Peer worker, const Job& job);
    asio::awaitable<void> send(tempeh::flows::Peer worker, const Job& job);
    asio::awaitable<void> follow(tempeh::flows::Peer worker, const Job& job);
    const Job* take(std::string_view pdl);
    void changed() { change_.cancel(); }

    tempeh::flows::Server server_;
    const std::vector<Job> jobs_;
    std::deque<const Job*> queue_;
    std::map<tempeh::MessageId, Record> records_;
    std::size_t unfinished_;
    asio::steady_timer change_;  // never expires; cancelled when queue_ or unfinished_ changes
};

}  // namespace print

#pragma once

#include "talk.hpp"

#include <tempeh/tempeh.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace demo {

/// What the server knows about one client.
struct ClientRecord {
    std::string name;
    std::string style;
    std::string transport;
    std::string peer;            ///< Its address (TCP), or who it is (Unix sockets).
    std::uint64_t answered = 0;  ///< Requests.
    std::uint64_t bytes = 0;     ///< Of text, both ways.
    std::uint64_t news = 0;      ///< Signals sent to it.
    Report report;               ///< Its own latest figures.
    std::string end;             ///< Why its channel ended; empty: it has not.
    bool saidBye = false;
};

/// Listens on TCP and on a Unix socket at once and answers everybody from one coroutine. Everything but the
/// constructor runs on the reactor's executor, so nothing needs a lock.
class Server {
public:
    explicit Server(tempeh::Reactor& reactor);

    /// Opens both listeners; gives the addresses to connect to, TCP's first. Throws tempeh::Error.
    boost::asio::awaitable<std::vector<tempeh::Address>> listen();
    /// Serves until so many clients have come and gone.
    boost::asio::awaitable<void> serve(std::size_t clients);
    /// Sends a Signal to every client, which none of them asked for.
    void tellNews();

    const std::vector<ClientRecord>& clients() const noexcept { return clients_; }

private:
    void take(tempeh::MessagePtr message);
    void takeFromClient(tempeh::MessagePtr message);
    void takeStatus(const tempeh::Message& status);
    void welcome(tempeh::MessagePtr hello);
    void answer(ClientRecord& client, tempeh::MessagePtr request);
    void sayGoodbye(ClientRecord& client, tempeh::MessagePtr bye);

    tempeh::Reactor& reactor_;
    tempeh::ChannelGroup group_;
    std::vector<ClientRecord> clients_;
    std::map<tempeh::ChannelNumber, std::size_t> open_;  // channel to place in clients_
    std::size_t gone_ = 0;
};

}  // namespace demo

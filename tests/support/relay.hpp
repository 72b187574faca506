#pragma once

#include "support/raw_peer.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <limits>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tempeh::test {

/// One of the two directions through a relay.
enum class Way : std::uint8_t { ToServer, ToClient };

/// How a relay ends a connection.
enum class Cut : std::uint8_t {
    Close,      ///< Both sides get an end of file; what the relay holds is dropped.
    Reset,      ///< Both sides get an RST (Unix sockets: a close).
    HalfClose,  ///< The receiver of that way gets an end of file, the other way goes on.
};

/// How a relay treats the bytes of one way.
struct Pace {
    std::chrono::microseconds delay{0};
    std::size_t chunkBytes = 64UL * 1024;  ///< In one send at most; 1 splits everything into single bytes.
    std::size_t bytesPerSecond = 0;        ///< 0: no limit.
    bool isStalled = false;                ///< Nothing is read, so that the sender is held back in the end.
};

/// Where a relay listens, or what it connects to: a Unix socket's path, or a TCP port.
struct Place {
    std::string path = {};
    std::uint16_t port = 0;
    std::string host = "127.0.0.1";
};

/// Stands between client and server, TCP or Unix sockets, and spoils their connections as told: bytes and
/// system calls in a thread of its own, no code of the library. Any thread may call anything.
class Relay {
public:
    /// Listens at a free loopback port, or at `listenPath` where one is given.
    explicit Relay(Place server, const std::string& listenPath = {});
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;
    ~Relay();

    /// Where clients connect to.
    const Place& place() const { return place_; }

    /// For all connections, those that are there included.
    void setPace(Way way, const Pace& pace);
    /// Ends every connection there is; done when this returns. How many there were.
    std::size_t cut(Cut how = Cut::Close, Way way = Way::ToServer);
    /// Each connection made from now on ends when so many bytes went that way; without bytes: none does.
    void cutAfter(std::optional<std::uint64_t> bytes, Cut how = Cut::Close, Way way = Way::ToServer);
    /// Connections made from now on are reset at once.
    void setRefusing(bool isRefusing);

    std::uint64_t accepted() const { return accepted_; }
    std::uint64_t cuts() const { return cuts_; }
    std::size_t open() const { return open_; }
    std::uint64_t bytes(Way way) const { return bytes_.at(static_cast<std::size_t>(way)); }

private:
    using Clock = std::chrono::steady_clock;

    struct Piece {
        Clock::time_point due;
        Bytes bytes;
        std::size_t sent = 0;
    };
    /// One way of one connection.
    struct Lane {
        std::list<Piece> pieces;
        std::size_t held = 0;
        std::uint64_t passed = 0;
        Clock::time_point free;  ///< When the throttle lets the next bytes go.
        bool hasEnded = false;   ///< The sender has sent its last.
        bool isShut = false;     ///< And the receiver knows.
    };
    struct Limit {
        std::uint64_t bytes = std::numeric_limits<std::uint64_t>::max();
        Cut how = Cut::Close;
        Way way = Way::ToServer;
    };
    struct Connection {
        raw::Descriptor client;
        raw::Descriptor server;
        std::array<Lane, 2> lanes;
        Limit limit;
        bool isOver = false;
    };

    void run();
    void tell(std::function<void()> what);
    void obey();
    void accept();
    void pump(Connection& connection, Way way, Clock::time_point now);
    void read(Connection& connection, Way way, Clock::time_point now);
    void write(Connection& connection, Way way, Clock::time_point now);
    void end(Connection& connection, Cut how, Way way);
    int waitMilliseconds(Clock::time_point now) const;
    std::vector<pollfd> interests(Clock::time_point now) const;

    static raw::Descriptor& from(Connection& connection, Way way);
    static raw::Descriptor& to(Connection& connection, Way way);

    Place server_;
    Place place_;
    raw::Descriptor listener_;
    raw::Descriptor wake_;
    std::mutex mutex_;
    std::vector<std::function<void()>> orders_;
    // The thread's own.
    std::list<Connection> connections_;
    std::array<Pace, 2> paces_{};
    Limit limit_;
    bool isRefusing_ = false;
    bool isStopping_ = false;
    // Told to others.
    std::atomic<std::uint64_t> accepted_{0};
    std::atomic<std::uint64_t> cuts_{0};
    std::atomic<std::size_t> open_{0};
    std::array<std::atomic<std::uint64_t>, 2> bytes_{};
    std::thread thread_;
};

}  // namespace tempeh::test

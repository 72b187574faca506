#include "support/relay.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/eventfd.h>

namespace tempeh::test {

namespace {

constexpr std::size_t heldBytes = 256UL * 1024;  // of one way at most
constexpr int sendsPerTurn = 256;  // so that one connection of single bytes does not stop the others

template <typename Address>
sockaddr* generic(Address& address) {
    return reinterpret_cast<sockaddr*>(&address);
}

sockaddr_un unixAddress(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

sockaddr_in tcpAddress(const Place& place) {
    sockaddr_in address = raw::loopbackAddress(place.port);
    if (::inet_pton(AF_INET, place.host.c_str(), &address.sin_addr) != 1)
        throw std::runtime_error("relay: not an IPv4 address: " + place.host);
    return address;
}

raw::Descriptor makeSocket(const Place& place) {
    const int family = place.path.empty() ? AF_INET : AF_UNIX;
    raw::Descriptor socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (socket.get() < 0) throw std::runtime_error("relay: no socket");
    return socket;
}

raw::Descriptor listenAt(Place& place) {
    raw::Descriptor socket = makeSocket(place);
    bool isBound = false;
    if (place.path.empty()) {
        sockaddr_in address = tcpAddress(place);
        socklen_t size = sizeof address;
        isBound = ::bind(socket.get(), generic(address), size) == 0 &&
                  ::getsockname(socket.get(), generic(address), &size) == 0;
        place.port = ntohs(address.sin_port);
    } else {
        ::unlink(place.path.c_str());
        sockaddr_un address = unixAddress(place.path);
        isBound = ::bind(socket.get(), generic(address), sizeof address) == 0;
    }
    if (!isBound || ::listen(socket.get(), 1024) != 0) throw std::runtime_error("relay: cannot listen");
    ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
    return socket;
}

/// No descriptor when nobody listens there.
raw::Descriptor connectTo(const Place& place) {
    raw::Descriptor socket = makeSocket(place);
    int failed = 0;
    if (place.path.empty()) {
        sockaddr_in address = tcpAddress(place);
        failed = ::connect(socket.get(), generic(address), sizeof address);
    } else {
        sockaddr_un address = unixAddress(place.path);
        failed = ::connect(socket.get(), generic(address), sizeof address);
    }
    return failed != 0 ? raw::Descriptor() : std::move(socket);
}

void prepare(const raw::Descriptor& socket) {
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // Unix sockets have none
    ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
}

void reset(raw::Descriptor& socket) {
    const linger hard{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    socket.close();
}

bool isTransient(int error) {
    return error == EAGAIN || error == EINTR;
}

std::size_t index(Way way) {
    return static_cast<std::size_t>(way);
}

}  // namespace

Relay::Relay(Place server, const std::string& listenPath)
    : server_(std::move(server))
    , place_{.path = listenPath}
    , listener_(listenAt(place_))
    , wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
    , thread_([this] { run(); }) {}

Relay::~Relay() {
    tell([this] { isStopping_ = true; });
    thread_.join();
    if (!place_.path.empty()) ::unlink(place_.path.c_str());
}

raw::Descriptor& Relay::from(Connection& connection, Way way) {
    return way == Way::ToServer ? connection.client : connection.server;
}
raw::Descriptor& Relay::to(Connection& connection, Way way) {
    return way == Way::ToServer ? connection.server : connection.client;
}

void Relay::setPace(Way way, const Pace& pace) {
    tell([this, way, pace] { paces_.at(index(way)) = pace; });
}

std::size_t Relay::cut(Cut how, Way way) {
    std::promise<std::size_t> done;
    tell([&, how, way] {
        accept();  // those that have connected already, too
        const std::size_t count = connections_.size();
        for (Connection& connection : connections_)
            end(connection, how, way);
        done.set_value(count);
    });
    return done.get_future().get();
}

void Relay::cutAfter(std::optional<std::uint64_t> bytes, Cut how, Way way) {
    const Limit limit{bytes.value_or(std::numeric_limits<std::uint64_t>::max()), how, way};
    tell([this, limit] { limit_ = limit; });
}

void Relay::setRefusing(bool isRefusing) {
    tell([this, isRefusing] { isRefusing_ = isRefusing; });
}

void Relay::tell(std::function<void()> what) {
    {
        const std::scoped_lock lock(mutex_);
        orders_.push_back(std::move(what));
    }
    const std::uint64_t one = 1;
    if (::write(wake_.get(), &one, sizeof one) < 0) return;  // cannot fail short of 2^64 calls
}

void Relay::obey() {
    std::uint64_t count = 0;
    if (::read(wake_.get(), &count, sizeof count) < 0) return;
    std::vector<std::function<void()>> orders;
    {
        const std::scoped_lock lock(mutex_);
        orders.swap(orders_);
    }
    for (const auto& order : orders)
        order();
}

void Relay::run() {
    while (!isStopping_) {
        Clock::time_point now = Clock::now();
        std::vector<pollfd> waiting = interests(now);
        ::poll(waiting.data(), waiting.size(), waitMilliseconds(now));
        obey();
        accept();
        now = Clock::now();
        for (Connection& connection : connections_) {
            for (const Way way : {Way::ToServer, Way::ToClient})
                if (!connection.isOver) pump(connection, way, now);
        }
        connections_.remove_if([](const Connection& connection) { return connection.isOver; });
        open_ = connections_.size();
    }
}

std::vector<pollfd> Relay::interests(Clock::time_point now) const {
    std::vector<pollfd> waiting{{wake_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    const auto eventsOf = [&](const Connection& connection, Way in, Way out) {
        const Lane& reads = connection.lanes.at(index(in));
        const Lane& writes = connection.lanes.at(index(out));
        int events = 0;
        if (!reads.hasEnded && !paces_.at(index(in)).isStalled && reads.held < heldBytes) events |= POLLIN;
        if (!writes.pieces.empty() && std::max(writes.pieces.front().due, writes.free) <= now)
            events |= POLLOUT;
        return static_cast<short>(events);
    };
    for (const Connection& connection : connections_) {
        // Without interest a hang-up alone would wake this thread for ever.
        const short client = eventsOf(connection, Way::ToServer, Way::ToClient);
        const short server = eventsOf(connection, Way::ToClient, Way::ToServer);
        waiting.push_back({client != 0 ? connection.client.get() : -1, client, 0});
        waiting.push_back({server != 0 ? connection.server.get() : -1, server, 0});
    }
    return waiting;
}

int Relay::waitMilliseconds(Clock::time_point now) const {
    Clock::time_point next = Clock::time_point::max();
    for (const Connection& connection : connections_) {
        for (const Lane& lane : connection.lanes) {
            if (lane.pieces.empty()) continue;
            const Clock::time_point due = std::max(lane.pieces.front().due, lane.free);
            if (due > now) next = std::min(next, due);
        }
    }
    if (next == Clock::time_point::max()) return -1;
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(next - now).count());
}

void Relay::accept() {
    for (;;) {
        raw::Descriptor client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (client.get() < 0) return;
        ++accepted_;
        raw::Descriptor server = isRefusing_ ? raw::Descriptor() : connectTo(server_);
        if (server.get() < 0) {
            reset(client);
            continue;
        }
        prepare(client);
        prepare(server);
        Connection& added = connections_.emplace_back();
        added.client = std::move(client);
        added.server = std::move(server);
        added.limit = limit_;
        open_ = connections_.size();
    }
}

void Relay::pump(Connection& connection, Way way, Clock::time_point now) {
    read(connection, way, now);
    if (!connection.isOver) write(connection, way, now);
    if (connection.isOver) return;
    Lane& lane = connection.lanes.at(index(way));
    if (lane.hasEnded && lane.pieces.empty() && !lane.isShut) {
        ::shutdown(to(connection, way).get(), SHUT_WR);
        lane.isShut = true;
    }
    const auto isShut = [](const Lane& each) { return each.isShut; };
    if (std::ranges::all_of(connection.lanes, isShut)) connection.isOver = true;
}

void Relay::read(Connection& connection, Way way, Clock::time_point now) {
    Lane& lane = connection.lanes.at(index(way));
    const Pace& pace = paces_.at(index(way));
    if (lane.hasEnded || pace.isStalled || lane.held >= heldBytes) return;
    Bytes bytes(64UL * 1024);
    const ssize_t size = ::recv(from(connection, way).get(), bytes.data(), bytes.size(), 0);
    if (size > 0) {
        bytes.resize(static_cast<std::size_t>(size));
        lane.held += bytes.size();
        lane.pieces.push_back({now + pace.delay, std::move(bytes)});
    } else if (size == 0) {
        lane.hasEnded = true;
    } else if (!isTransient(errno)) {
        end(connection, Cut::Reset, way);
    }
}

void Relay::write(Connection& connection, Way way, Clock::time_point now) {
    Lane& lane = connection.lanes.at(index(way));
    const Pace& pace = paces_.at(index(way));
    for (int i = 0; i < sendsPerTurn && !lane.pieces.empty(); ++i) {
        Piece& piece = lane.pieces.front();
        if (piece.due > now || lane.free > now) return;
        std::size_t size = std::min(piece.bytes.size() - piece.sent, pace.chunkBytes);
        if (connection.limit.way == way) {
            const std::uint64_t left = connection.limit.bytes - lane.passed;
            if (left == 0) return end(connection, connection.limit.how, way);
            size = static_cast<std::size_t>(std::min<std::uint64_t>(size, left));
        }
        const ssize_t sent = ::send(to(connection, way).get(), piece.bytes.data() + piece.sent, size,
                                    MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && isTransient(errno)) return;
        if (sent < 0) return end(connection, Cut::Reset, way);
        const auto count = static_cast<std::size_t>(sent);
        piece.sent += count;
        lane.held -= count;
        lane.passed += count;
        bytes_.at(index(way)) += count;
        if (pace.bytesPerSecond != 0)
            lane.free = now + std::chrono::microseconds(count * 1'000'000 / pace.bytesPerSecond);
        if (piece.sent == piece.bytes.size()) lane.pieces.pop_front();
    }
}

void Relay::end(Connection& connection, Cut how, Way way) {
    ++cuts_;
    if (how == Cut::HalfClose) {
        Lane& lane = connection.lanes.at(index(way));
        lane.pieces.clear();
        lane.held = 0;
        lane.hasEnded = true;
        connection.limit = {};
        return;  // pump() tells the receiver
    }
    connection.isOver = true;
    if (how == Cut::Reset) {
        reset(connection.client);
        reset(connection.server);
    } else {
        connection.client.close();
        connection.server.close();
    }
}

}  // namespace tempeh::test

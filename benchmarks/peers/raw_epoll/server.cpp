#include "epoll.hpp"
#include "program.hpp"
#include "responder.hpp"
#include "roles.hpp"

#include <memory>
#include <sys/socket.h>
#include <unordered_map>
#include <vector>

namespace bench::raw {
namespace {

struct Connection {
    int fd = -1;
    Partial partial;
    Interest interest;
    std::vector<std::byte> unsent;
    std::size_t sent = 0;  ///< how much of `unsent` is gone

    explicit Connection(int socket) : fd(socket) {}
    ~Connection() { ::close(fd); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void flush() {
        while (sent < unsent.size()) {
            const std::size_t put = sendSome(fd, unsent.data() + sent, unsent.size() - sent);
            if (put == 0) return compact();
            sent += put;
        }
        unsent.clear();
        sent = 0;
    }

    /// A connection that is never idle must not keep what is gone.
    void compact() {
        if (sent * 2 < unsent.size()) return;
        unsent.erase(unsent.begin(), unsent.begin() + static_cast<std::ptrdiff_t>(sent));
        sent = 0;
    }

    void send(const std::byte* data, std::size_t size) {
        if (unsent.empty()) {
            const std::size_t put = sendSome(fd, data, size);
            data += put;
            size -= put;
        }
        if (size > 0) unsent.insert(unsent.end(), data, data + size);
    }
};

class Server {
public:
    explicit Server(const Options& options) : epoll_(options.spinUs), responder_(options) {
        Address bound = options.address;
        tcp_ = !bound.uds;
        listener_ = listenOn(bound);
        setNonBlocking(listener_, true);
        epoll_.add(listener_, EPOLLIN, &listener_);
        epoll_.add(STDIN_FILENO, EPOLLIN, nullptr);
        responder_.ready(bound);
    }
    ~Server() { ::close(listener_); }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    void run() {
        for (;;) {
            for (const epoll_event& event : epoll_.wait()) {
                if (event.data.ptr == nullptr) {
                    if (stdinEnded()) return responder_.report();
                } else if (event.data.ptr == &listener_) {
                    acceptAll();
                } else {
                    serve(*static_cast<Connection*>(event.data.ptr), event.events);
                }
            }
        }
    }

private:
    void acceptAll() {
        for (;;) {
            const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0 && (errno == EAGAIN || errno == ECONNABORTED)) return;
            if (fd < 0) throwErrno("accept4");
            const int on = 1;
            if (tcp_) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            auto connection = std::make_unique<Connection>(fd);
            epoll_.add(fd, kReadEvents, connection.get());
            connections_.emplace(fd, std::move(connection));
        }
    }

    void serve(Connection& connection, std::uint32_t events) {
        if ((events & EPOLLOUT) != 0 && !connection.unsent.empty()) connection.flush();
        if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0 && !read(connection, events)) return;
        connection.interest.update(epoll_, connection.fd, &connection, !connection.unsent.empty());
    }

    /// False: the connection is gone.
    bool read(Connection& connection, std::uint32_t events) {
        bool open = reader_.drain(connection.fd, connection.partial, [&](std::byte* data, std::size_t size) {
            return answer(connection, data, size);
        });
        // A short read is no proof of emptiness once the peer has closed: read on to the end of the stream.
        while (open && (events & (EPOLLRDHUP | EPOLLHUP)) != 0) {
            open = reader_.drain(connection.fd, connection.partial, [&](std::byte* data, std::size_t size) {
                return answer(connection, data, size);
            });
        }
        if (open) return true;
        reader_.forget(connection.partial);
        connections_.erase(connection.fd);
        return false;
    }

    /// Whole frames go back as they lie in the read buffer, in one write.
    std::size_t answer(Connection& connection, std::byte* data, std::size_t size) {
        std::size_t echo = 0;
        bool ended = false;
        const std::size_t consumed =
            frame::forEach(data, size, [&](std::byte* head, std::byte* body, std::size_t n) {
                const Action action = responder_.onMessage(body, n);
                if (action == Action::Echo) {
                    head[2] = frame::kResponse;
                    echo += frame::kHeaderSize + n;
                } else if (action == Action::Summarize) {
                    ended = true;
                }
            });
        if (echo > 0) connection.send(data, echo);
        if (ended) sendSummary(connection);
        return consumed;
    }

    void sendSummary(Connection& connection) {
        std::array<std::byte, frame::kHeaderSize + kSummarySize> out{};
        const Summary summary = responder_.summary();
        frame::writeHeader(out.data(), 1, frame::kResponse, 0, kSummarySize);
        std::memcpy(out.data() + frame::kHeaderSize, &summary, kSummarySize);
        connection.send(out.data(), out.size());
    }

    Epoll epoll_;
    Responder responder_;
    Reader reader_;
    int listener_ = -1;
    bool tcp_ = true;
    std::unordered_map<int, std::unique_ptr<Connection>> connections_;
};

}  // namespace

void serve(const Options& options) {
    Server server(options);
    server.run();
}

}  // namespace bench::raw

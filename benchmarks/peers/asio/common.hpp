#pragma once

#include "driver.hpp"
#include "frame.hpp"
#include "program.hpp"
#include "responder.hpp"
#include "sockets.hpp"

#include <boost/asio.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <sys/socket.h>
#include <utility>
#include <vector>

/// What the three hand-written Asio peers share: listening, connecting, the phases of a run. How messages are
/// read and written is each peer's own.
namespace bench::aio {

namespace asio = boost::asio;
using boost::system::error_code;
using Protocol = asio::generic::stream_protocol;
using Socket = Protocol::socket;
using Bytes = std::vector<std::byte>;

inline Socket adopt(asio::io_context& io, int fd, const Address& address) {
    return Socket(io, Protocol(address.uds ? AF_UNIX : AF_INET, 0), fd);
}

/// Runs until nothing is left to do, polling for `spinUs` before each sleep.
inline void runContext(asio::io_context& io, std::uint32_t spinUs) {
    io.restart();
    if (spinUs == 0) {
        io.run();
        return;
    }
    const std::uint64_t spinNs = std::uint64_t{spinUs} * 1000U;
    std::uint64_t until = nowNs() + spinNs;
    while (!io.stopped()) {
        if (io.poll() > 0) {
            until = nowNs() + spinNs;
        } else if (!io.stopped() && nowNs() >= until) {
            io.run_one();
        }
    }
}

inline Bytes summaryFrame(const Responder& responder) {
    Bytes out(frame::kHeaderSize + kSummarySize);
    const Summary summary = responder.summary();
    frame::writeHeader(out.data(), 1, frame::kResponse, 0, kSummarySize);
    std::memcpy(out.data() + frame::kHeaderSize, &summary, kSummarySize);
    return out;
}

/// Accepts for ever, hands each socket to `session`, and reports at the end of standard input.
template <typename Session>
void serve(const Options& options, Session session) {
    asio::io_context io(1);
    Responder responder(options);
    Address bound = options.address;
    asio::basic_socket_acceptor<Protocol> acceptor(io, Protocol(bound.uds ? AF_UNIX : AF_INET, 0),
                                                   listenOn(bound));
    std::function<void()> accept = [&] {
        acceptor.async_accept([&](error_code ec, Socket socket) {
            if (ec) return;
            setNoDelay(socket.native_handle(), options.address);
            session(std::move(socket), responder);
            accept();
        });
    };
    accept();
    asio::posix::stream_descriptor input(io, ::dup(STDIN_FILENO));
    input.async_wait(asio::posix::stream_descriptor::wait_read, [&](error_code) {
        responder.report();
        io.stop();
    });
    responder.ready(bound);
    runContext(io, options.spinUs);
}

struct Lane {
    Socket socket;
    std::uint32_t number;
    Bytes out;  ///< a frame to send
    Bytes in;   ///< a frame received

    Lane(Socket s, std::uint32_t lane, std::size_t body) : socket(std::move(s)), number(lane) {
        out.resize(frame::kHeaderSize + body, std::byte{0x5a});
        frame::writeHeader(out.data(), static_cast<std::uint16_t>(lane + 1), frame::kRequest, 0, body);
    }
    std::byte* body() { return out.data() + frame::kHeaderSize; }
};

/// One frame, blocking: the opening and the end of a run are not measured.
inline void readFrame(Socket& socket, Bytes& body) {
    std::array<std::byte, frame::kHeaderSize> header{};
    asio::read(socket, asio::buffer(header));
    body.resize(frame::readHeader(header.data()));
    asio::read(socket, asio::buffer(body));
}

/// How a peer moves messages once the connections are open; each starts what `io.run` then finishes.
struct Style {
    virtual ~Style() = default;
    virtual void pingPong(Driver& driver, Lane& lane) = 0;  ///< one in flight
    virtual void pipeline(Driver& driver, Lane& lane) = 0;  ///< a window in flight
    virtual void stream(Driver& driver, Lane& lane) = 0;    ///< one way
};

class Client {
public:
    Client(const Options& options, Style& style) : options_(options), driver_(options), style_(style) {}

    void run() {
        if (options_.workload == Workload::Setup) return setup();
        openAll();
        driver_.begin();
        for (std::uint32_t i = 0; i < driver_.activeLanes(); ++i) {
            switch (options_.workload) {
                case Workload::Throughput:
                    style_.stream(driver_, lanes_[i]);
                    break;
                case Workload::Pipeline:
                    style_.pipeline(driver_, lanes_[i]);
                    break;
                default:
                    style_.pingPong(driver_, lanes_[i]);
                    break;
            }
        }
        runContext(io_, options_.spinUs);
        if (options_.workload != Workload::Throughput && !driver_.finished())
            fail("a connection ended early");
        end(lanes_.front());
    }

private:
    Lane& open(std::uint32_t number) {
        return lanes_.emplace_back(adopt(io_, connectTo(options_.address), options_.address), number,
                                   options_.size);
    }

    void openAll() {
        Bytes body;
        while (lanes_.size() < options_.connections) {
            const std::size_t first = lanes_.size();
            const std::size_t until = std::min<std::size_t>(first + kOpenBatch, options_.connections);
            for (std::size_t i = first; i < until; ++i) {
                Lane& lane = open(static_cast<std::uint32_t>(i));
                driver_.probe(lane.number, lane.body());
                asio::write(lane.socket, asio::buffer(lane.out));
            }
            for (std::size_t i = first; i < until; ++i) {
                readFrame(lanes_[i].socket, body);
                driver_.probeReply(lanes_[i].number, body.data(), body.size());
            }
        }
    }

    void end(Lane& lane) {
        driver_.last(lane.body());
        asio::write(lane.socket, asio::buffer(lane.out));
        Bytes body;
        readFrame(lane.socket, body);
        driver_.finish(body.data(), body.size());
    }

    /// One connection after the other: connect, one round trip, close.
    void setup() {
        driver_.begin();
        asio::co_spawn(io_, setupAll(), asio::detached);
        runContext(io_, options_.spinUs);
        end(open(nextLane_));
    }

    asio::awaitable<void> setupAll() {
        const SocketName name(options_.address);
        const Protocol::endpoint endpoint(name.data(), name.size);
        Bytes body;
        for (; driver_.mayStart(); ++nextLane_) {
            driver_.connecting();
            Lane lane(Socket(io_), nextLane_, options_.size);
            co_await lane.socket.async_connect(endpoint, asio::use_awaitable);
            setNoDelay(lane.socket.native_handle(), options_.address);
            driver_.next(lane.number, lane.body());
            co_await asio::async_write(lane.socket, asio::buffer(lane.out), asio::use_awaitable);
            body.resize(frame::kHeaderSize + options_.size);
            co_await asio::async_read(lane.socket, asio::buffer(body), asio::use_awaitable);
            driver_.reply(lane.number, body.data() + frame::kHeaderSize, frame::readHeader(body.data()));
        }
    }

    const Options options_;
    asio::io_context io_{1};
    Driver driver_;
    Style& style_;
    std::deque<Lane> lanes_;
    std::uint32_t nextLane_ = 0;
};

template <typename PeerStyle>
void drive(const Options& options) {
    PeerStyle style;
    Client client(options, style);
    client.run();
}

/// For coroutines started beside the main flow: what they throw must not vanish.
inline void rethrow(std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
}

}  // namespace bench::aio

// libzmq: PAIR for two peers, ROUTER on both sides for many connections, DEALER to ROUTER for the connection
// rate.
#include "common.hpp"
#include "driver.hpp"
#include "due_timer.hpp"
#include "program.hpp"
#include "responder.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <vector>
#include <zmq.h>

namespace bench::zeromq {
namespace {

/// More than one connection on a socket needs addressed replies.
bool isRouted(const Options& options) {
    return options.connections > 1 || options.workload == Workload::Setup;
}

std::string endpointOf(const Address& address) {
    if (address.uds) return "ipc://" + address.path;
    return "tcp://" + address.host + ":" + (address.port == 0 ? "*" : std::to_string(address.port));
}

Address boundAddress(Socket& socket, Address address) {
    if (address.uds) return address;
    char endpoint[256];
    std::size_t size = sizeof endpoint;
    check(zmq_getsockopt(socket.get(), ZMQ_LAST_ENDPOINT, endpoint, &size), "ZMQ_LAST_ENDPOINT");
    address.port = static_cast<std::uint16_t>(std::stoul(std::strrchr(endpoint, ':') + 1));
    return address;
}

void answer(Responder& responder, Socket& socket, Part* route, Part& body) {
    const Action action = responder.onMessage(body.data(), body.size());
    if (action == Action::Absorb) return;
    if (route != nullptr) route->send(socket.get(), ZMQ_SNDMORE);
    if (action == Action::Echo) return body.send(socket.get());
    Part out(kSummarySize);
    const Summary summary = responder.summary();
    std::memcpy(out.data(), &summary, kSummarySize);
    out.send(socket.get());
}

void serve(const Options& options) {
    void* context = newContext();
    const bool routed = isRouted(options);
    Socket socket(context, routed ? ZMQ_ROUTER : ZMQ_PAIR);
    if (options.workload == Workload::Open) socket.queueWithoutLimit();
    check(zmq_bind(socket.get(), endpointOf(options.address).c_str()), "zmq_bind");
    Responder responder(options);
    responder.ready(boundAddress(socket, options.address));
    onStdinEnd([&responder] {
        responder.report();
        std::_Exit(0);
    });
    Part route;
    Part body;
    for (;;) {
        if (routed) route.receive(socket.get());
        body.receive(socket.get());
        answer(responder, socket, routed ? &route : nullptr, body);
    }
}

/// The client's socket. With routing, a lane is addressed by the routing id that its connect was given.
class Client {
public:
    explicit Client(const Options& options)
        : options_(options)
        , driver_(options)
        , routed_(isRouted(options))
        , context_(newContext())
        , socket_(context_, routed_ ? ZMQ_ROUTER : ZMQ_PAIR) {}

    void run() {
        if (options_.workload == Workload::Setup) return setup();
        if (options_.workload == Workload::Open) socket_.queueWithoutLimit();
        openAll();
        driver_.begin();
        if (options_.workload == Workload::Throughput) {
            while (driver_.mayStart())
                send(0, [this](std::byte* to) { driver_.next(0, to); });
        } else if (options_.workload == Workload::Open) {
            open();
        } else {
            exchange();
        }
        send(0, [this](std::byte* to) { driver_.last(to); });
        receive([this](std::uint32_t, Part& body) { driver_.finish(body.data(), body.size()); });
    }

private:
    /// A routing id must not begin with a zero byte.
    static std::array<char, 5> routeOf(std::uint32_t lane) {
        std::array<char, 5> route{'L'};
        std::memcpy(route.data() + 1, &lane, sizeof lane);
        return route;
    }

    template <typename Write>
    void send(std::uint32_t lane, Write&& write) {
        if (routed_) {
            const auto route = routeOf(lane);
            check(zmq_send(socket_.get(), route.data(), route.size(), ZMQ_SNDMORE), "zmq_send");
        }
        Part body(options_.size);
        write(body.data());
        body.send(socket_.get());
    }

    template <typename OnBody>
    void receive(OnBody&& onBody) {
        std::uint32_t lane = 0;
        if (routed_) {
            std::array<char, 5> route{};
            if (zmq_recv(socket_.get(), route.data(), route.size(), 0) != 5)
                fail("a reply without its route");
            std::memcpy(&lane, route.data() + 1, sizeof lane);
        }
        body_.receive(socket_.get());
        onBody(lane, body_);
    }

    void openAll() {
        const std::string endpoint = endpointOf(options_.address);
        for (std::uint32_t first = 0; first < options_.connections; first += kOpenBatch) {
            const std::uint32_t until = std::min(first + kOpenBatch, options_.connections);
            for (std::uint32_t lane = first; lane < until; ++lane) {
                if (routed_) {
                    const auto route = routeOf(lane);
                    check(zmq_setsockopt(socket_.get(), ZMQ_CONNECT_ROUTING_ID, route.data(), route.size()),
                          "ZMQ_CONNECT_ROUTING_ID");
                }
                check(zmq_connect(socket_.get(), endpoint.c_str()), "zmq_connect");
                send(lane, [&](std::byte* to) { driver_.probe(lane, to); });
            }
            for (std::uint32_t lane = first; lane < until; ++lane) {
                receive([this](std::uint32_t from, Part& body) {
                    driver_.probeReply(from, body.data(), body.size());
                });
            }
        }
    }

    void exchange() {
        for (std::uint32_t lane = 0; lane < driver_.activeLanes(); ++lane) {
            for (std::uint32_t i = 0; i < driver_.window() && driver_.mayStart(); ++i)
                sendNext(lane);
        }
        while (!driver_.finished()) {
            receive([this](std::uint32_t lane, Part& body) {
                if (driver_.reply(lane, body.data(), body.size())) sendNext(lane);
            });
        }
    }

    /// Sends whatever is due, then waits for the next moment or an answer.
    void open() {
        DueTimer timer;
        std::array<zmq_pollitem_t, 2> items{
            {{socket_.get(), 0, ZMQ_POLLIN, 0}, {nullptr, timer.fd(), ZMQ_POLLIN, 0}}};
        while (!driver_.finished()) {
            while (driver_.isDue())
                sendNext(0);
            timer.arm(driver_.dueNs());
            check(zmq_poll(items.data(), static_cast<int>(items.size()), -1), "zmq_poll");
            while (body_.tryReceive(socket_.get()))
                driver_.reply(0, body_.data(), body_.size());
        }
    }

    void sendNext(std::uint32_t lane) {
        send(lane, [&](std::byte* to) { driver_.next(lane, to); });
    }

    /// So many connections at a time, each a socket of its own: connect, one round trip, close.
    void setup() {
        driver_.begin();
        std::uint32_t lane = 0;
        while (driver_.mayStart()) {
            driver_.connecting();
            std::deque<Socket> dealers;
            const std::uint32_t first = lane;
            for (; dealers.size() < options_.connections && driver_.mayStart(); ++lane)
                ask(dealers.emplace_back(context_, ZMQ_DEALER),
                    [&](std::byte* to) { driver_.next(lane, to); });
            for (std::uint32_t answered = first; answered < lane; ++answered) {
                body_.receive(dealers[answered - first].get());
                driver_.reply(answered, body_.data(), body_.size());
            }
        }
        Socket dealer(context_, ZMQ_DEALER);
        ask(dealer, [&](std::byte* to) { driver_.last(to); });
        body_.receive(dealer.get());
        driver_.finish(body_.data(), body_.size());
    }

    template <typename Write>
    void ask(Socket& dealer, Write&& write) {
        check(zmq_connect(dealer.get(), endpointOf(options_.address).c_str()), "zmq_connect");
        Part out(options_.size);
        write(out.data());
        out.send(dealer.get());
    }

    const Options options_;
    Driver driver_;
    const bool routed_;
    void* context_;
    Socket socket_;
    Part body_;
};

void drive(const Options& options) {
    Client client(options);
    client.run();
}

}  // namespace
}  // namespace bench::zeromq

int main(int argc, char** argv) {
    return bench::runProgram("zmq", argc, argv, bench::zeromq::serve, bench::zeromq::drive,
                             bench::zeromq::handOver);
}

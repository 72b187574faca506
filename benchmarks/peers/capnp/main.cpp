// Cap'n Proto RPC: a call for every round trip, a window of calls for one way.
#include "driver.hpp"
#include "echo.capnp.h"
#include "program.hpp"
#include "responder.hpp"

#include <capnp/ez-rpc.h>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <kj/async.h>
#include <string>
#include <utility>

namespace bench::capnp_peer {
namespace {

const std::byte* bytesOf(capnp::Data::Reader body) {
    return reinterpret_cast<const std::byte*>(body.begin());
}

std::byte* bytesOf(capnp::Data::Builder body) {
    return reinterpret_cast<std::byte*>(body.begin());
}

/// Words for a message with such a body, so that it is one segment.
capnp::MessageSize hint(std::size_t size) {
    return {size / sizeof(capnp::word) + 16, 0};
}

std::string endpointOf(const Address& address) {
    return address.uds ? "unix:" + address.path : address.host + ":" + std::to_string(address.port);
}

class EchoServer final : public Echo::Server {
public:
    explicit EchoServer(Responder& responder) : responder_(responder) {}

protected:
    kj::Promise<void> echo(EchoContext context) override {
        const capnp::Data::Reader body = context.getParams().getBody();
        if (responder_.onMessage(bytesOf(body), body.size()) == Action::Summarize) {
            const Summary summary = responder_.summary();
            std::memcpy(context.getResults(hint(kSummarySize)).initBody(kSummarySize).begin(), &summary,
                        kSummarySize);
        } else {
            context.getResults(hint(body.size())).setBody(body);
        }
        return kj::READY_NOW;
    }

    kj::Promise<void> put(PutContext context) override {
        const capnp::Data::Reader body = context.getParams().getBody();
        responder_.onMessage(bytesOf(body), body.size());
        return kj::READY_NOW;
    }

private:
    Responder& responder_;
};

void serve(const Options& options) {
    Responder responder(options);
    capnp::EzRpcServer server(kj::heap<EchoServer>(responder), endpointOf(options.address).c_str());
    kj::WaitScope& scope = server.getWaitScope();
    Address bound = options.address;
    const auto port = server.getPort().wait(scope);
    if (!bound.uds) bound.port = static_cast<std::uint16_t>(port);
    responder.ready(bound);
    onStdinEnd([&responder] {
        responder.report();
        std::_Exit(0);
    });
    kj::NEVER_DONE.wait(scope);
}

class Lane {
public:
    Lane(const Address& address, std::uint32_t number)
        : client_(endpointOf(address).c_str()), echo_(client_.getMain<Echo>()), number_(number) {}

    std::uint32_t number() const { return number_; }
    kj::WaitScope& scope() { return client_.getWaitScope(); }

    /// `write(std::byte*)` fills the body.
    template <typename Write>
    auto call(std::size_t size, Write&& write) {
        auto request = echo_.echoRequest(hint(size));
        write(bytesOf(request.initBody(static_cast<unsigned>(size))));
        return request.send();
    }
    template <typename Write>
    auto put(std::size_t size, Write&& write) {
        auto request = echo_.putRequest(hint(size));
        write(bytesOf(request.initBody(static_cast<unsigned>(size))));
        return request.send();
    }

private:
    capnp::EzRpcClient client_;
    Echo::Client echo_;
    std::uint32_t number_;
};

/// Calls under way, one way.
constexpr std::uint32_t kOneWayWindow = 512;

class Client {
public:
    explicit Client(const Options& options) : options_(options), driver_(options) {}

    void run() {
        if (options_.workload == Workload::Setup) return setup();
        openAll();
        driver_.begin();
        if (options_.workload == Workload::Throughput)
            stream();
        else
            exchange();
        end(lanes_.front());
    }

private:
    void openAll() {
        for (std::uint32_t number = 0; number < options_.connections; ++number) {
            Lane& lane = lanes_.emplace_back(options_.address, number);
            const auto reply = lane.call(options_.size, [&](std::byte* to) { driver_.probe(number, to); })
                                   .wait(lane.scope());
            driver_.probeReply(number, bytesOf(reply.getBody()), reply.getBody().size());
        }
    }

    /// Faster by a third than streaming calls (`-> stream`) with the library's own window.
    void stream() {
        kj::Vector<kj::Promise<void>> chains;
        for (std::uint32_t i = 0; i < kOneWayWindow && driver_.mayStart(); ++i)
            chains.add(putChain(lanes_.front()));
        kj::joinPromises(chains.releaseAsArray()).wait(lanes_.front().scope());
    }

    kj::Promise<void> putChain(Lane& lane) {
        auto sent = lane.put(options_.size, [this](std::byte* to) { driver_.next(0, to); });
        return sent.then([this, &lane](auto&&) -> kj::Promise<void> {
            if (!driver_.mayStart()) return kj::READY_NOW;
            return putChain(lane);
        });
    }

    void exchange() {
        kj::Vector<kj::Promise<void>> chains;
        for (std::uint32_t i = 0; i < driver_.activeLanes(); ++i)
            for (std::uint32_t k = 0; k < driver_.window() && driver_.mayStart(); ++k)
                chains.add(chain(lanes_[i]));
        kj::joinPromises(chains.releaseAsArray()).wait(lanes_.front().scope());
    }

    /// Call after call until the time is up.
    kj::Promise<void> chain(Lane& lane) {
        return callNext(lane).then(
            [this, &lane](capnp::Response<Echo::EchoResults>&& reply) -> kj::Promise<void> {
                const capnp::Data::Reader body = reply.getBody();
                if (!driver_.reply(lane.number(), bytesOf(body), body.size())) return kj::READY_NOW;
                return chain(lane);
            });
    }

    capnp::RemotePromise<Echo::EchoResults> callNext(Lane& lane) {
        return lane.call(options_.size, [&](std::byte* to) { driver_.next(lane.number(), to); });
    }

    void end(Lane& lane) {
        const auto reply =
            lane.call(options_.size, [this](std::byte* to) { driver_.last(to); }).wait(lane.scope());
        driver_.finish(bytesOf(reply.getBody()), reply.getBody().size());
    }

    void setup() {
        driver_.begin();
        std::uint32_t number = 0;
        for (; driver_.mayStart(); ++number) {
            driver_.connecting();
            Lane lane(options_.address, number);
            const auto reply = callNext(lane).wait(lane.scope());
            driver_.reply(number, bytesOf(reply.getBody()), reply.getBody().size());
        }
        Lane lane(options_.address, number);
        end(lane);
    }

    const Options options_;
    Driver driver_;
    std::deque<Lane> lanes_;  ///< addresses must not move
};

void drive(const Options& options) {
    Client(options).run();
}

}  // namespace
}  // namespace bench::capnp_peer

int main(int argc, char** argv) {
    return bench::runProgram("capnp", argc, argv, bench::capnp_peer::serve, bench::capnp_peer::drive);
}

// CAF actors in one scheduler: no thread is woken as long as there is work.
#include "driver.hpp"
#include "program.hpp"
#include "responder.hpp"

#include <caf/all.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace bench::caf_peer {

struct Body {
    std::vector<std::byte> bytes;
};

}  // namespace bench::caf_peer

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bench::caf_peer::Body)

namespace bench::caf_peer {
namespace {

using Hello = caf::atom_constant<caf::atom("hello")>;
using Credit = caf::atom_constant<caf::atom("credit")>;

/// One way: mailboxes have no limit, so the receiver says when so many more may come.
constexpr std::uint64_t kCredit = 1024;
constexpr std::uint64_t kAckEvery = 256;

class Answering : public caf::event_based_actor {
public:
    Answering(caf::actor_config& config, const Options& options)
        : caf::event_based_actor(config), responder_(options) {}

    caf::behavior make_behavior() override {
        return {[this](Hello, caf::actor client) { client_ = std::move(client); },
                [this](Body& body) { take(body); }};
    }

private:
    void take(Body& body) {
        const Action action = responder_.onMessage(body.bytes.data(), body.bytes.size());
        if (action == Action::Absorb) {
            if (++absorbed_ % kAckEvery == 0) send(client_, Credit::value);
            return;
        }
        if (action == Action::Summarize) {
            const Summary summary = responder_.summary();
            body.bytes.resize(kSummarySize);
            std::memcpy(body.bytes.data(), &summary, kSummarySize);
        }
        send(client_, std::move(body));
        if (action == Action::Summarize) quit();
    }

    Responder responder_;
    caf::actor client_;
    std::uint64_t absorbed_ = 0;
};

class Asking : public caf::event_based_actor {
public:
    Asking(caf::actor_config& config, const Options& options, caf::actor server)
        : caf::event_based_actor(config), options_(options), driver_(options), server_(std::move(server)) {}

    caf::behavior make_behavior() override {
        send(server_, Hello::value, caf::actor(this));
        driver_.begin();
        if (options_.workload == Workload::Throughput) {
            fill();
        } else {
            for (std::uint32_t i = 0; i < driver_.window() && driver_.mayStart(); ++i)
                sendNext(Body{std::vector<std::byte>(options_.size)});
        }
        return {[this](Credit) {
                    credit_ += kAckEvery;
                    if (!ended_) fill();
                },
                [this](Body& body) { take(body); }};
    }

private:
    void take(Body& body) {
        if (ended_) {
            driver_.finish(body.bytes.data(), body.bytes.size());
            server_ = nullptr;
            return quit();
        }
        if (driver_.reply(0, body.bytes.data(), body.bytes.size()))
            sendNext(std::move(body));
        else if (driver_.finished())
            end();
    }
    void sendNext(Body body) {
        driver_.next(0, body.bytes.data());
        send(server_, std::move(body));
    }
    void fill() {
        for (; credit_ > 0; --credit_) {
            if (!driver_.mayStart()) return end();
            sendNext(Body{std::vector<std::byte>(options_.size)});
        }
    }
    void end() {
        ended_ = true;
        Body body{std::vector<std::byte>(options_.size)};
        driver_.last(body.bytes.data());
        send(server_, std::move(body));
    }

    const Options options_;
    Driver driver_;
    caf::actor server_;
    std::uint64_t credit_ = kCredit;
    bool ended_ = false;
};

void handOver(const Options& options) {
    caf::actor_system_config config;
    // As many workers as cores, or they only get into each other's way.
    config.set("scheduler.max-threads", static_cast<std::uint64_t>(options.secondCpu >= 0 ? 2 : 1));
    caf::actor_system system(config);
    const caf::actor server = system.spawn<Answering>(options);
    system.spawn<Asking>(options, server);
    system.await_all_actors_done();
}

}  // namespace
}  // namespace bench::caf_peer

int main(int argc, char** argv) {
    return bench::runProgram("caf", argc, argv, bench::noSuchRole, bench::noSuchRole,
                             bench::caf_peer::handOver);
}

#include "driver.hpp"
#include "program.hpp"
#include "roles.hpp"

#include <tempeh/flows.hpp>

#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace bench::own {
namespace {

using tempeh::MessagePtr;
using tempeh::OpCode;

/// A thread for each request in flight, all of them on one peer; each thread is a lane. They share the
/// driver, under a lock that is held for the checks of one message.
class RequestingClient {
public:
    RequestingClient(const Options& options, tempeh::Reactor& reactor)
        : options_(options), driver_(options), peer_(tempeh::flows::connectBlocking(reactor, addressOf())) {}

    void run() {
        if (options_.workload != Workload::Pipeline && options_.workload != Workload::Latency)
            throw std::invalid_argument("--mode requests has latency and pipeline only");
        const MessagePtr probe = ask([this](std::byte* to) { driver_.probe(0, to); });
        driver_.probeReply(0, probe->body.bytes().data(), probe->body.size());
        driver_.begin();
        std::vector<std::thread> threads;
        for (std::uint32_t lane = 0; lane < driver_.window(); ++lane)
            threads.emplace_back([this, lane] { askAllTheTime(lane); });
        for (std::thread& thread : threads)
            thread.join();
        const MessagePtr summary = ask([this](std::byte* to) { driver_.last(to); });
        driver_.finish(summary->body.bytes().data(), summary->body.size());
    }

private:
    tempeh::Address addressOf() const {
        if (options_.address.uds) return tempeh::UdsClientAddress{options_.address.path};
        if (options_.address.mem) return tempeh::MemClientAddress{options_.address.path};
        return tempeh::TcpClientAddress{options_.address.host, options_.address.port};
    }

    template <typename Fill>
    MessagePtr ask(Fill fill) {
        MessagePtr message = peer_.newMessage(OpCode::Request);
        fill(message->body.prepare(options_.size).data());
        message->body.commit(options_.size);
        return send(std::move(message));
    }

    MessagePtr send(MessagePtr message) {
        MessagePtr answer = peer_.request(std::move(message));
        if (answer == nullptr) fail("no answer");
        return answer;
    }

    void askAllTheTime(std::uint32_t lane) {
        bool goesOn = false;
        MessagePtr message = peer_.newMessage(OpCode::Request);
        {
            const std::lock_guard lock(driverMutex_);
            goesOn = driver_.mayStart();
            if (goesOn) driver_.next(lane, message->body.prepare(options_.size).data());
        }
        while (goesOn) {
            message->body.commit(options_.size);
            message = send(std::move(message));
            const std::lock_guard lock(driverMutex_);
            const auto body = message->body.bytes();
            goesOn = driver_.reply(lane, body.data(), body.size());
            if (!goesOn) return;
            message->header = {};
            message->header.opCode = OpCode::Request;
            message->body.clear();
            driver_.next(lane, message->body.prepare(options_.size).data());
        }
    }

    const Options options_;
    std::mutex driverMutex_;
    Driver driver_;
    tempeh::flows::BlockingPeer peer_;
};

}  // namespace

void driveRequests(const Options& options, tempeh::Reactor& reactor) {
    RequestingClient(options, reactor).run();
}

}  // namespace bench::own

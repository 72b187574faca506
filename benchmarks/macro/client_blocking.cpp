#include "driver.hpp"
#include "lanes.hpp"
#include "program.hpp"
#include "roles.hpp"

#include <algorithm>

namespace bench::own {
namespace {

using tempeh::MessagePtr;
using tempeh::OpCode;

/// The client as a thread that blocks; the same steps as in client.cpp.
class BlockingClient {
public:
    BlockingClient(const Options& options, tempeh::Reactor& reactor, Loop loop)
        : options_(options)
        , isPlain_(loop == Loop::Plain)
        , driver_(options)
        , lanes_(options, reactor)
        , group_(reactor.createGroup())
        , channels_(group_.blocking()) {}

    void run() {
        if (options_.workload == Workload::Setup) return setup();
        openAll();
        driver_.begin();
        if (options_.workload == Workload::Throughput) {
            isPlain_ ? streamPlainly() : stream();
        } else {
            startWindow();
            isPlain_ ? exchangePlainly() : exchange();
        }
        end(0);
    }

private:
    MessagePtr receiveAnswer() {
        for (;;)
            if (MessagePtr message = channels_.waitReceive(); Lanes::isAnswer(*message)) return message;
    }

    void openAll() {
        for (std::uint32_t first = 0; first < options_.connections; first += kOpenBatch) {
            const std::uint32_t until = std::min(first + kOpenBatch, options_.connections);
            for (std::uint32_t lane = first; lane < until; ++lane) {
                lanes_.opened(channels_.post(lanes_.hello()).channelNumber, lane);
                channels_.post(
                    lanes_.make(lane, OpCode::Request, [&](std::byte* to) { driver_.probe(lane, to); }));
            }
            for (std::uint32_t lane = first; lane < until; ++lane) {
                const MessagePtr answer = receiveAnswer();
                const auto body = answer->body.bytes();
                driver_.probeReply(lanes_.laneOf(*answer), body.data(), body.size());
            }
        }
    }

    void stream() {
        tempeh::MessageQueue messages;
        tempeh::error_code ec;
        while (lanes_.fillBatch(messages, driver_)) {
            channels_.postAll(messages, ec);
            while (ec == tempeh::Status::SendQueueFull) {
                channels_.waitWritable(lanes_.channelOf(0));
                channels_.postAll(messages, ec);
            }
            if (ec) fail(ec.message());
        }
    }

    void streamPlainly() {
        tempeh::error_code ec;
        while (driver_.mayStart()) {
            MessagePtr message =
                lanes_.make(0, OpCode::Signal, [this](std::byte* to) { driver_.next(0, to); });
            channels_.post(std::move(message), ec);
            while (ec == tempeh::Status::SendQueueFull) {
                channels_.waitWritable(lanes_.channelOf(0));
                channels_.post(std::move(message), ec);
            }
            if (ec) fail(ec.message());
        }
    }

    void startWindow() {
        for (std::uint32_t lane = 0; lane < driver_.activeLanes(); ++lane)
            for (std::uint32_t i = 0; i < driver_.window() && driver_.mayStart(); ++i)
                channels_.post(
                    lanes_.make(lane, OpCode::Request, [&](std::byte* to) { driver_.next(lane, to); }));
    }

    void exchangePlainly() {
        while (!driver_.finished()) {
            MessagePtr message = channels_.waitReceive();
            if (nextFrom(*message)) channels_.post(std::move(message));
        }
    }

    void exchange() {
        while (!driver_.finished()) {
            tempeh::MessageQueue messages;
            messages.pushBack(channels_.waitReceive());
            messages.append(channels_.tryReceiveAll());
            while (MessagePtr message = messages.popFront())
                if (nextFrom(*message)) requests_.pushBack(std::move(message));
            channels_.postAll(requests_);
        }
    }

    /// A reply in, the next request of its lane out, in the same message.
    bool nextFrom(tempeh::Message& message) {
        if (!Lanes::isAnswer(message)) return false;
        const std::uint32_t lane = lanes_.laneOf(message);
        const auto body = message.body.bytes();
        if (!driver_.reply(lane, body.data(), body.size())) return false;
        lanes_.refill(message, OpCode::Request, [&](std::byte* to) { driver_.next(lane, to); });
        return true;
    }

    void end(std::uint32_t lane) {
        channels_.post(lanes_.make(lane, OpCode::Request, [this](std::byte* to) { driver_.last(to); }));
        const MessagePtr answer = receiveAnswer();
        const auto body = answer->body.bytes();
        driver_.finish(body.data(), body.size());
    }

    void setup() {
        Lanes::closing = true;
        driver_.begin();
        std::uint32_t lane = 0;
        for (; driver_.mayStart(); ++lane) {
            driver_.connecting();
            lanes_.opened(channels_.post(lanes_.hello()).channelNumber, lane);
            channels_.post(
                lanes_.make(lane, OpCode::Request, [&](std::byte* to) { driver_.next(lane, to); }));
            MessagePtr answer = receiveAnswer();
            const auto body = answer->body.bytes();
            driver_.reply(lane, body.data(), body.size());
            answer->header.opCode = OpCode::ByeSignal;
            channels_.post(std::move(answer));
        }
        lanes_.opened(channels_.post(lanes_.hello()).channelNumber, lane);
        end(lane);
    }

    const Options options_;
    const bool isPlain_;
    Driver driver_;
    Lanes lanes_;
    tempeh::MessageQueue requests_;
    tempeh::ChannelGroup group_;
    const tempeh::BlockingChannelGroup channels_;
};

}  // namespace

void driveBlocking(const Options& options, tempeh::Reactor& reactor, Loop loop) {
    BlockingClient(options, reactor, loop).run();
}

}  // namespace bench::own

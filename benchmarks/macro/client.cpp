#include "driver.hpp"
#include "lanes.hpp"
#include "program.hpp"
#include "roles.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <chrono>
#include <exception>

namespace bench::own {
namespace {

namespace asio = boost::asio;
using tempeh::MessagePtr;
using tempeh::OpCode;

/// The client as a coroutine, wherever it runs.
class Client {
public:
    Client(const Options& options, tempeh::Reactor& reactor, Loop loop)
        : options_(options)
        , isPlain_(loop == Loop::Plain)
        , lanes_(options, reactor)
        , driver_(options)
        , group_(reactor.createGroup()) {}

    asio::awaitable<void> run() {
        if (options_.workload == Workload::Setup) {
            co_await setup();
            co_return;
        }
        co_await openAll();
        driver_.begin();
        if (options_.workload == Workload::Throughput) {
            if (isPlain_)
                co_await streamPlainly();
            else
                co_await stream();
        } else if (options_.workload == Workload::Open) {
            co_await exchangeWhenDue();
        } else {
            startWindow();
            if (isPlain_)
                co_await exchangePlainly();
            else
                co_await exchange();
        }
        co_await end(0);
    }

private:
    asio::awaitable<MessagePtr> receiveAnswer() {
        for (;;) {
            MessagePtr message = co_await group_.waitReceive();
            if (Lanes::isAnswer(*message)) co_return message;
        }
    }

    asio::awaitable<void> openAll() {
        for (std::uint32_t first = 0; first < options_.connections; first += kOpenBatch) {
            const std::uint32_t until = std::min(first + kOpenBatch, options_.connections);
            for (std::uint32_t lane = first; lane < until; ++lane) {
                lanes_.opened(group_.post(lanes_.hello()).channelNumber, lane);
                group_.post(
                    lanes_.make(lane, OpCode::Request, [&](std::byte* to) { driver_.probe(lane, to); }));
            }
            for (std::uint32_t lane = first; lane < until; ++lane) {
                const MessagePtr answer = co_await receiveAnswer();
                const auto body = answer->body.bytes();
                driver_.probeReply(lanes_.laneOf(*answer), body.data(), body.size());
            }
        }
    }

    asio::awaitable<void> stream() {
        tempeh::MessageQueue messages;
        tempeh::error_code ec;
        while (lanes_.fillBatch(messages, driver_)) {
            group_.postAll(messages, ec);
            while (ec == tempeh::Status::SendQueueFull) {
                co_await group_.waitWritable(lanes_.channelOf(0));
                group_.postAll(messages, ec);
            }
            if (ec) fail(ec.message());
        }
    }

    asio::awaitable<void> streamPlainly() {
        tempeh::error_code ec;
        while (driver_.mayStart()) {
            MessagePtr message =
                lanes_.make(0, OpCode::Signal, [this](std::byte* to) { driver_.next(0, to); });
            group_.post(std::move(message), ec);
            while (ec == tempeh::Status::SendQueueFull) {
                co_await group_.waitWritable(lanes_.channelOf(0));
                group_.post(std::move(message), ec);
            }
            if (ec) fail(ec.message());
        }
    }

    void startWindow() {
        for (std::uint32_t lane = 0; lane < driver_.activeLanes(); ++lane)
            for (std::uint32_t i = 0; i < driver_.window() && driver_.mayStart(); ++i)
                group_.post(
                    lanes_.make(lane, OpCode::Request, [&](std::byte* to) { driver_.next(lane, to); }));
    }

    asio::awaitable<void> exchangePlainly() {
        while (!driver_.finished()) {
            MessagePtr message = co_await group_.waitReceive();
            if (nextFrom(*message)) group_.post(std::move(message));
        }
    }

    /// Requests leave when they are due, whether or not answers come.
    asio::awaitable<void> exchangeWhenDue() {
        const asio::any_io_executor executor = co_await asio::this_coro::executor;
        asio::co_spawn(executor, sendWhenDue(), [](const std::exception_ptr& failure) {
            if (failure != nullptr) std::rethrow_exception(failure);
        });
        while (!driver_.finished()) {
            const MessagePtr message = co_await receiveAnswer();
            const auto body = message->body.bytes();
            driver_.reply(0, body.data(), body.size());
        }
    }

    asio::awaitable<void> sendWhenDue() {
        asio::steady_timer timer(co_await asio::this_coro::executor);
        for (;;) {
            while (driver_.isDue())
                requests_.pushBack(
                    lanes_.make(0, OpCode::Request, [this](std::byte* to) { driver_.next(0, to); }));
            group_.postAll(requests_);
            const std::uint64_t due = driver_.dueNs();
            if (due == ~0ULL) co_return;
            timer.expires_at(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(due)));
            co_await timer.async_wait(asio::use_awaitable);
        }
    }

    asio::awaitable<void> exchange() {
        while (!driver_.finished()) {
            tempeh::MessageQueue messages;
            messages.pushBack(co_await group_.waitReceive());
            messages.append(group_.tryReceiveAll());  // what else has arrived, without suspending
            while (MessagePtr message = messages.popFront())
                if (nextFrom(*message)) requests_.pushBack(std::move(message));
            group_.postAll(requests_);
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

    asio::awaitable<void> end(std::uint32_t lane) {
        MessagePtr message = lanes_.make(lane, OpCode::Request, [this](std::byte* to) { driver_.last(to); });
        group_.post(std::move(message));
        const MessagePtr answer = co_await receiveAnswer();
        const auto body = answer->body.bytes();
        driver_.finish(body.data(), body.size());
    }

    /// So many connections at a time: connect, one round trip, close.
    asio::awaitable<void> setup() {
        Lanes::closing = true;
        driver_.begin();
        std::uint32_t lane = 0;
        while (driver_.mayStart()) {
            driver_.connecting();
            const std::uint32_t first = lane;
            for (; lane - first < options_.connections && driver_.mayStart(); ++lane) {
                lanes_.opened(group_.post(lanes_.hello()).channelNumber, lane);
                group_.post(
                    lanes_.make(lane, OpCode::Request, [&](std::byte* to) { driver_.next(lane, to); }));
            }
            std::vector<MessagePtr> answers;
            while (answers.size() < lane - first) {
                MessagePtr answer = co_await receiveAnswer();
                const auto body = answer->body.bytes();
                driver_.reply(lanes_.laneOf(*answer), body.data(), body.size());
                answers.push_back(std::move(answer));
            }
            for (MessagePtr& answer : answers) {
                answer->header.opCode = OpCode::ByeSignal;
                group_.post(std::move(answer));
            }
        }
        lanes_.opened(group_.post(lanes_.hello()).channelNumber, lane);
        co_await end(lane);
    }

    const Options options_;
    const bool isPlain_;
    Lanes lanes_;
    Driver driver_;  // after the lanes: their table is not memory of connections
    tempeh::MessageQueue requests_;
    tempeh::ChannelGroup group_;
};

}  // namespace

asio::awaitable<void> driveCoroutine(const Options& options, tempeh::Reactor& reactor, Loop loop) {
    Client client(options, reactor, loop);
    co_await client.run();
}

void drive(const Options& options) {
    tempeh::Reactor reactor(engineOptions(options));
    countWakesOf(reactor);
    const Mode mode = modeOf(options);
    if (mode.isRequests) return driveRequests(options, reactor);
    if (mode.style == Style::Blocking) return driveBlocking(options, reactor, mode.loop);
    if (mode.style == Style::Coroutine) {
        asio::co_spawn(reactor.executor(), driveCoroutine(options, reactor, mode.loop), asio::use_future)
            .get();
        return;
    }
    asio::io_context context;
    std::future<void> done =
        asio::co_spawn(context, driveCoroutine(options, reactor, mode.loop), asio::use_future);
    context.run();
    done.get();
}

}  // namespace bench::own

// Ten million messages one way: content checked, none lost, no allocation once warm. A debug or sanitized
// build sends fewer; TEMPEH_VOLUME says how many.

#include "support/allocation_counter.hpp"
#include "support/engine_fixture.hpp"
#include "support/scale.hpp"

#include <tempeh/tempeh.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <future>
#include <thread>

namespace tempeh::test {
namespace {

#ifdef NDEBUG
constexpr std::uint64_t usualVolume = 10'000'000;
#else
constexpr std::uint64_t usualVolume = isSanitized ? 50'000 : 200'000;
#endif

constexpr std::size_t maxBody = 96;

/// The size and the bytes of message number `i`.
std::size_t bodySizeOf(std::uint64_t i) {
    return 8 + i % (maxBody - 8);
}
std::byte byteOf(std::uint64_t i, std::size_t place) {
    return static_cast<std::byte>(i * 31 + place);
}

void fill(Message& message, ChannelNumber channel, std::uint64_t i) {
    message.header.opCode = OpCode::Signal;
    message.header.channelNumber = channel;
    message.header.messageId = i;
    const std::size_t size = bodySizeOf(i);
    const std::span<std::byte> body = message.body.prepare(size);
    for (std::size_t place = 0; place < size; ++place)
        body[place] = byteOf(i, place);
    message.body.commit(size);
}

bool isWhole(const Message& message, std::uint64_t i) {
    const std::span<const std::byte> body = message.body.bytes();
    if (message.header.messageId != i || body.size() != bodySizeOf(i)) return false;
    for (std::size_t place = 0; place < body.size(); ++place)
        if (body[place] != byteOf(i, place)) return false;
    return true;
}

/// Counts allocations between the first tenth and the end.
class Meter {
public:
    explicit Meter(std::uint64_t count) : count_(count), warmUp_(count / 10) {}

    void onMessage(std::uint64_t i) {
        if (i == warmUp_) start_ = allocationCount();
        if (i == count_) end_ = allocationCount();
    }
    std::uint64_t allocations() const { return end_ - start_; }
    void print(const char* how) const {
        fmt::print("{}: {} messages, {} allocations in the last {}: {:.6f} per message\n", how, count_,
                   allocations(), count_ - warmUp_,
                   static_cast<double>(allocations()) / static_cast<double>(count_ - warmUp_));
    }

private:
    std::uint64_t count_;
    std::uint64_t warmUp_;
    std::uint64_t start_ = 0;
    std::uint64_t end_ = 0;
};

/// How the sender knows when to rest. Window: the receiver says how far it is, so that neither the send queue
/// is ever full nor the pool ever empty. Limits: it goes on until SendQueueFull and the receiver until
/// PoolEmpty.
enum class Pacing { Window, Limits };

constexpr std::uint64_t window = 2048;
constexpr std::uint64_t wordEvery = window / 4;

class Volume : public ::testing::TestWithParam<Pacing> {
protected:
    void expectAllArrived(const Meter& meter, const char* how, std::uint64_t allowed) {
        meter.print(how);
        EXPECT_LE(meter.allocations(), allowed);
        EXPECT_EQ(link_.server->group.stats().received.messages, count_ + 1) << "and the hello";
        EXPECT_EQ(link_.client->group.stats().returned.total(), 0U);
    }
    /// What the receiver does with message `i`; gives false when it is not the one expected.
    bool onReceived(MessagePtr message, std::uint64_t i, Meter& meter) {
        if (!isWhole(*message, i)) return false;
        meter.onMessage(i);
        if (!isWindowed_ || i % wordEvery != 0) return true;
        message->header.channelNumber = link_.atServer;
        message->body.clear();
        link_.server->group.post(std::move(message));
        return true;
    }
    bool mayPost(std::uint64_t i) const { return !isWindowed_ || i <= confirmed_ + window; }

    asio::awaitable<void> send() {
        ChannelGroup& group = link_.client->group;
        for (std::uint64_t i = 1; i <= count_; ++i) {
            while (!mayPost(i)) {
                const MessagePtr word = co_await group.waitReceive();
                confirmed_ = word->header.messageId;
            }
            MessagePtr message = link_.client.reactor.get();
            fill(*message, link_.atClient, i);
            error_code ec;
            group.post(std::move(message), ec);
            while (ec == Status::SendQueueFull) {
                co_await group.waitWritable(link_.atClient);
                group.post(std::move(message), ec);
            }
            if (ec) throw Error(ec);
        }
    }
    void sendBlocking() {
        const BlockingChannelGroup& group = link_.client->channels;
        for (std::uint64_t i = 1; i <= count_; ++i) {
            while (!mayPost(i))
                confirmed_ = group.waitReceive()->header.messageId;
            MessagePtr message = link_.client.reactor.get();
            fill(*message, link_.atClient, i);
            error_code ec;
            group.post(std::move(message), ec);
            while (ec == Status::SendQueueFull) {
                group.waitWritable(link_.atClient);
                group.post(std::move(message), ec);
            }
            ASSERT_FALSE(ec) << ec;
        }
    }
    /// Gives the first message that is wrong; 0: none.
    asio::awaitable<std::uint64_t> receive(Meter& meter) {
        for (std::uint64_t i = 0; i < count_;) {
            MessagePtr message = co_await link_.server->group.waitReceive();
            if (message->status() == Status::PoolEmpty) continue;
            if (!onReceived(std::move(message), ++i, meter)) co_return i;
        }
        co_return 0;
    }

    const bool isWindowed_ = GetParam() == Pacing::Window;
    const std::uint64_t count_ = fromEnvironment("TEMPEH_VOLUME", usualVolume) / (isWindowed_ ? 1 : 4);
    std::uint64_t confirmed_ = 0;  // the sender's
    const Options options_{.initialPoolMessages = Options().maxPoolMessages};
    Link link_{options_, options_};
};

INSTANTIATE_TEST_SUITE_P(Pacing, Volume, ::testing::Values(Pacing::Window, Pacing::Limits),
                         [](const auto& one) { return one.param == Pacing::Window ? "Window" : "Limits"; });

TEST_P(Volume, BetweenCoroutines) {
    Meter meter(count_);
    std::future<std::uint64_t> received =
        asio::co_spawn(link_.server.reactor.executor(), receive(meter), asio::use_future);
    std::future<void> sent = asio::co_spawn(link_.client.reactor.executor(), send(), asio::use_future);
    EXPECT_EQ(received.get(), 0U) << "the first message that is wrong";
    sent.get();
    // Asio keeps two frames a thread for reuse: a wake may cost one, a message must not.
    expectAllArrived(meter, "coroutines", count_ / 20);
}

TEST_P(Volume, BetweenThreads) {
    Meter meter(count_);
    std::thread sender([this] { sendBlocking(); });
    for (std::uint64_t i = 0; i < count_;) {
        MessagePtr message = link_.server->channels.waitReceive(patience);
        ASSERT_NE(message, nullptr);
        if (message->status() == Status::PoolEmpty) continue;
        ASSERT_TRUE(onReceived(std::move(message), ++i, meter)) << "message " << i << " is wrong";
    }
    sender.join();
    // A rest at the limits may cost some, and what waits may be deepest late in the run; a message must cost
    // none.
    expectAllArrived(meter, "threads", isWindowed_ ? 4 : count_ / 20);
}

}  // namespace
}  // namespace tempeh::test

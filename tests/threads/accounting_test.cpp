// Every message posted by any thread is delivered to the other side or comes back: once, whatever else many
// threads do to the group meanwhile, and whenever the channel ends.

#include "support/either_engine.hpp"
#include "support/engine_fixture.hpp"
#include "support/scale.hpp"
#include "support/tally.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <list>
#include <memory>
#include <thread>
#include <vector>

namespace tempeh::test {
namespace {

/// How often each number was seen.
class Seen {
public:
    explicit Seen(std::size_t count) : times_(std::make_unique<std::atomic<int>[]>(count)), count_(count) {}
    void note(const Message& message) {
        const std::uint64_t number = numberOf(message).value_or(count_);
        if (number < count_)
            ++times_[number];
        else
            ADD_FAILURE() << "a message nobody posted: " << dump(message);
    }
    int times(std::size_t number) const { return times_[number]; }

private:
    std::unique_ptr<std::atomic<int>[]> times_;
    std::size_t count_;
};

constexpr std::size_t posters = 3;
constexpr std::size_t perPoster = 300;

/// What ends the channel.
enum class Ending { Bye, ByeRequest, Shutdown, ServerShutdown };

class Accounting : public ::testing::TestWithParam<bool> {
protected:
    Accounting() : seen_(posters * perPoster), returned_(posters * perPoster), posted_(posters * perPoster) {}

    void postAll(Party& party, ChannelNumber channel, std::size_t first) {
        for (std::size_t number = first; number < first + perPoster; ++number) {
            MessagePtr message(new Message());
            message->header.opCode = OpCode::Signal;
            message->header.channelNumber = channel;
            putNumber(*message, number);
            error_code ec = Status::SendQueueFull;
            while (ec == Status::SendQueueFull) {
                party.channels.post(std::move(message), ec);
                error_code ignored;
                if (ec == Status::SendQueueFull) party.channels.waitWritable(channel, 1ms, ignored);
            }
            ++done_;
            if (ec) return;  // it has ended
            posted_.note(*numbered(number));
        }
    }
    static MessagePtr numbered(std::uint64_t number) {
        MessagePtr message(new Message());
        putNumber(*message, number);
        return message;
    }

    /// Takes what comes until the end; false when this was not it.
    bool take(const Message& message, ChannelNumber channel, std::atomic<int>& closed) {
        if (isClosedNotice(message) && message.header.channelNumber == channel) {
            ++closed;
            return true;
        }
        if (message.isFromEngine() && message.header.opCode == OpCode::Signal && numberOf(message))
            returned_.note(message);
        return false;
    }

    void endAfter(std::size_t count, Ending ending, Party& party, EitherEngine& client, Side& server,
                  ChannelNumber channel) {
        EXPECT_TRUE(eventually([&] { return done_ >= count; }));
        error_code ec;
        switch (ending) {
            case Ending::Bye:
            case Ending::ByeRequest: {
                MessagePtr bye(new Message());
                bye->header.opCode = ending == Ending::Bye ? OpCode::ByeSignal : OpCode::ByeRequest;
                bye->header.channelNumber = channel;
                party.channels.post(std::move(bye), ec);
                break;
            }
            case Ending::Shutdown:
                client->shutdown(patience, ec);
                break;
            case Ending::ServerShutdown:
                server.reactor.shutdown(patience, ec);
                break;
        }
    }

    void runRound(std::size_t endAfterCount, Ending ending);

    Seen seen_;
    Seen returned_;
    Seen posted_;
    std::atomic<std::size_t> done_{0};
};

void Accounting::runRound(std::size_t endAfterCount, Ending ending) {
    seen_ = Seen(posters * perPoster);
    returned_ = Seen(posters * perPoster);
    posted_ = Seen(posters * perPoster);
    done_ = 0;
    Side server(Options{.sendQueueMessages = 64});
    const Listening listening = server->listen(localTcp());
    EitherEngine client(GetParam(), Options{.sendQueueMessages = 64});
    // Shared with what the passer-by leaves on the engine's executor.
    const auto shared = std::make_shared<Party>(*client);
    Party& party = *shared;
    const ChannelNumber channel = party.sayHello(listening.address).channelNumber;
    server->acceptHello();
    party.next(OpCode::HelloResponse);

    std::atomic<int> closed{0};
    std::list<std::thread> threads;  // with a vector GCC 12 sees an array of no threads
    threads.emplace_back([&] {       // the other side
        error_code ec;
        while (!ec) {
            const MessagePtr message = server->channels.waitReceive(patience, ec);
            if (message == nullptr) continue;
            if (message->isFromApplication() && message->header.opCode == OpCode::Signal)
                seen_.note(*message);
            if (isClosedNotice(*message) && message->header.channelNumber != listening.channel) break;
        }
    });
    threads.emplace_back([&] {  // this side
        error_code ec;
        while (!ec) {
            const MessagePtr message = party.channels.waitReceive(patience, ec);
            if (ec == Status::NotAllowed) {  // the passer-by's receive waits
                ec.clear();
                std::this_thread::yield();
                continue;
            }
            if (message != nullptr) take(*message, channel, closed);
            if (closed > 0) break;
        }
    });
    threads.emplace_back(
        [&] {  // a passer-by: takes without waiting, asks, wakes, starts waits that are cancelled
            error_code ec;
            while (closed == 0 && ec != Status::ShutdownStarted) {
                const MessagePtr message = party.channels.tryReceive(ec);
                if (message != nullptr) take(*message, channel, closed);
                error_code ignored;
                party.channels.updateReceiver(nullptr, ignored);
                party.channels.channelInfo(channel, ignored);
                const auto signal = std::make_shared<asio::cancellation_signal>();
                const asio::any_io_executor executor = party.group.executor();
                asio::post(executor, [shared, channel, executor, signal] {
                    shared->group.waitWritable(
                        channel, 1h,
                        asio::bind_executor(executor, asio::bind_cancellation_slot(
                                                          signal->slot(), [signal](error_code, bool) {})));
                    signal->emit(asio::cancellation_type::terminal);
                });
                std::this_thread::yield();
            }
            party.channels.updateReceiver(nullptr, ec);  // who still waits need not
        });
    for (std::size_t i = 0; i < posters; ++i)
        threads.emplace_back([&, i] { postAll(party, channel, i * perPoster); });
    threads.emplace_back([&] { endAfter(endAfterCount, ending, party, client, server, channel); });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(closed, 1);
    for (std::size_t number = 0; number < posters * perPoster; ++number) {
        const int ends = seen_.times(number) + returned_.times(number);
        // What was on its way to a server that goes was sent, and arrives or not.
        const bool isRight =
            ending == Ending::ServerShutdown ? ends <= posted_.times(number) : ends == posted_.times(number);
        ASSERT_TRUE(isRight) << "message " << number << ": arrived " << seen_.times(number)
                             << " times, came back " << returned_.times(number) << " times";
    }
}

INSTANTIATE_TEST_SUITE_P(On, Accounting, ::testing::Bool(),
                         [](const auto& one) { return one.param ? "OwnThread" : "CallersContext"; });

TEST_P(Accounting, ChannelsClosedAtOnce) {
    for (std::size_t k = 0; k <= posters * perPoster; k += isSanitized ? 301 : 97)
        runRound(k, Ending::Bye);
}

TEST_P(Accounting, ChannelsClosedWithAWord) {
    for (std::size_t k = 0; k <= posters * perPoster; k += isSanitized ? 301 : 97)
        runRound(k, Ending::ByeRequest);
}

TEST_P(Accounting, EnginesShutDown) {
    for (std::size_t k = 0; k <= posters * perPoster; k += isSanitized ? 301 : 97)
        runRound(k, Ending::Shutdown);
}

TEST_P(Accounting, ServersShutDown) {
    for (std::size_t k = 0; k <= posters * perPoster; k += isSanitized ? 301 : 97)
        runRound(k, Ending::ServerShutdown);
}

}  // namespace
}  // namespace tempeh::test

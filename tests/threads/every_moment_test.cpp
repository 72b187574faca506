// Groups and engines destroyed after the first, the second, every further message, with threads in every
// call.

#include "support/either_engine.hpp"
#include "support/engine_fixture.hpp"
#include "support/scale.hpp"

#include <array>
#include <atomic>
#include <list>
#include <semaphore>
#include <thread>
#include <tuple>

namespace tempeh::test {
namespace {

constexpr int lastMoment = isSanitized ? 8 : 30;
const Options hastyAndSmall{.sendQueueMessages = 8, .lingerTimeout = 20ms};

enum class Victim { ClientGroup, ClientEngine, ServerGroup, ServerEngine };

class EveryMoment : public ::testing::TestWithParam<std::tuple<bool, Victim>> {
protected:
    void happen() {
        if (--left_ == 0) reached_.release();
    }

    static MessagePtr make(OpCode opCode, ChannelNumber channel) {
        MessagePtr message(new Message());  // the engine may be gone
        message->header.opCode = opCode;
        message->header.channelNumber = channel;
        message->body.append(std::string(3000, 'x'));
        return message;
    }
    /// A thread that receives and answers until there is nothing to receive from any more. True: went on.
    bool bounce(const BlockingChannelGroup& channels, int& closed) {
        error_code ec;
        MessagePtr message = channels.waitReceive(patience, ec);
        if (ec) return false;
        EXPECT_NE(message, nullptr) << "nothing came, not even the end";
        if (message == nullptr) return false;
        if (isClosedNotice(*message)) ++closed;
        if (message->isFromEngine()) return true;
        happen();
        const OpCode opCode = message->header.opCode;
        if (opCode == OpCode::HelloRequest)
            message->header.opCode = OpCode::HelloResponse;
        else if (opCode == OpCode::Request)
            message->header.opCode = OpCode::Response;
        else if (opCode == OpCode::Response)
            message->header.opCode = OpCode::Request;
        else
            return true;
        channels.post(std::move(message), ec);
        return true;
    }
    /// A thread that posts, waits for room, looks and wakes until the group or its channel is gone.
    static void press(const BlockingChannelGroup& channels, ChannelNumber channel) {
        error_code ec;
        while (!ec || ec == Status::SendQueueFull) {
            channels.post(make(OpCode::Request, channel), ec);
            error_code ignored;
            channels.waitWritable(channel, 10ms, ignored);
            channels.channelInfo(channel, ignored);
            channels.updateReceiver(nullptr, ignored);
        }
    }

    void runOnce(int k);

    std::atomic<int> left_{0};
    std::binary_semaphore reached_{0};
};

void EveryMoment::runOnce(int k) {
    const auto [isOwn, victim] = GetParam();
    left_ = k;
    EitherEngine server(isOwn, hastyAndSmall);
    EitherEngine client(isOwn, hastyAndSmall);
    auto serverParty = std::make_unique<Party>(*server);
    auto clientParty = std::make_unique<Party>(*client);
    const Listening listening = serverParty->listen(localTcp());
    const BlockingChannelGroup atServer = serverParty->channels;
    const BlockingChannelGroup atClient = clientParty->channels;
    std::array<ChannelNumber, 2> channels{};
    for (ChannelNumber& channel : channels)
        channel = clientParty->sayHello(listening.address).channelNumber;

    std::list<std::thread> threads;
    std::atomic<bool> isOver{false};
    threads.emplace_back([&] {
        int closed = 0;
        while (!isOver && bounce(atServer, closed)) {
        }
    });
    threads.emplace_back([&] {
        int closed = 0;
        while (closed < 2 && bounce(atClient, closed)) {
        }
        EXPECT_LE(closed, 2) << "a channel ended more than once";
    });
    for (const ChannelNumber channel : channels)
        threads.emplace_back([&, channel] { press(atClient, channel); });

    if (k > 0) {
        EXPECT_TRUE(reached_.try_acquire_for(patience));
    }
    switch (victim) {
        case Victim::ClientGroup:
            clientParty.reset();
            break;
        case Victim::ClientEngine:
            client.destroy();
            break;
        case Victim::ServerGroup:
            serverParty.reset();
            break;
        case Victim::ServerEngine:
            server.destroy();
            break;
    }
    isOver = true;
    error_code ec;
    atServer.updateReceiver(nullptr, ec);
    for (std::thread& thread : threads)
        thread.join();
}

std::string nameOfVictim(const ::testing::TestParamInfo<std::tuple<bool, Victim>>& one) {
    static const std::array<std::string, 4> names{"ClientGroup", "ClientEngine", "ServerGroup",
                                                  "ServerEngine"};
    return (std::get<0>(one.param) ? "OwnThread" : "CallersContext") +
           names.at(static_cast<std::size_t>(std::get<1>(one.param)));
}

INSTANTIATE_TEST_SUITE_P(On, EveryMoment,
                         ::testing::Combine(::testing::Bool(),
                                            ::testing::Values(Victim::ClientGroup, Victim::ClientEngine,
                                                              Victim::ServerGroup, Victim::ServerEngine)),
                         nameOfVictim);

TEST_P(EveryMoment, IsAGoodOneToBeDestroyed) {
    for (int k = 0; k <= lastMoment; ++k)
        runOnce(k);
}

}  // namespace
}  // namespace tempeh::test

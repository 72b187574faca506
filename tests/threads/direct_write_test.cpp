// Threads that answer, and so write themselves, against each other and against every way in which a channel
// ends. What post() took is sent or comes back, exactly once and in order.

#include "support/engine_fixture.hpp"
#include "support/raw_peer.hpp"
#include "support/scale.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace tempeh::test {
namespace {

/// Which thread's message, and which of them: engine-made ids never get that high.
constexpr MessageId idOf(std::uint64_t thread, std::uint64_t number) {
    return (thread + 1) << 32 | number;
}
constexpr bool isCounted(MessageId id) {
    return id >> 32 != 0;
}

MessagePtr makeSignal(ChannelNumber channel, MessageId id) {
    MessagePtr message(new Message);  // of no engine's, which may be gone
    message->header = {.channelNumber = channel, .opCode = OpCode::Signal, .messageId = id};
    message->body.append(std::string(id % 16 == 0 ? 20'000 : 20, 'b'));
    return message;
}

/// What arrives for those who answer it.
struct Heard {
    std::atomic<std::uint64_t> words{0};
    std::atomic<bool> isOver{false};
};

/// Threads that post to a channel until they may not, most of them when something was heard, so that it may
/// go directly; the first in every fourth case without that, so that the reactor has to do too.
class Posters {
public:
    static constexpr std::size_t count = 3;

    Posters(const BlockingChannelGroup& group, ChannelNumber channel, const Heard& heard) : heard_(heard) {
        for (std::size_t i = 0; i < count; ++i)
            threads_.emplace_back([this, group, channel, i] { run(group, channel, i); });
    }
    void join() {
        for (std::jthread& thread : threads_)
            thread.join();
    }

    /// How many were taken of each thread; after join().
    std::array<std::uint64_t, count> posted{};

private:
    void run(const BlockingChannelGroup& group, ChannelNumber channel, std::size_t self) {
        for (;;) {
            MessagePtr message = makeSignal(channel, idOf(self, posted[self] + 1));
            error_code ec;
            group.post(std::move(message), ec);
            while (ec == Status::SendQueueFull) {
                std::this_thread::yield();
                group.post(std::move(message), ec);
            }
            if (ec) return;
            if (++posted[self] % 4 != 0 || self != 0) listen();
        }
    }
    void listen() const {
        const std::uint64_t before = heard_.words.load();
        while (heard_.words.load() == before && !heard_.isOver.load())
            std::this_thread::yield();
    }

    const Heard& heard_;
    std::vector<std::jthread> threads_;
};

/// Ids by thread, in the order they came.
class Numbers {
public:
    void add(MessageId id) { of_[(id >> 32) - 1].push_back(id & 0xffff'ffff); }
    const std::vector<std::uint64_t>& of(std::size_t thread) const { return of_[thread]; }
    std::uint64_t total() const {
        std::uint64_t sum = 0;
        for (const auto& numbers : of_)
            sum += numbers.size();
        return sum;
    }

private:
    std::array<std::vector<std::uint64_t>, Posters::count> of_;
};

/// What came is the first of what was posted, what came back the last of it, each in order and once. Some may
/// have been lost on the way when the connection was reset.
void expectAllAccountedFor(const Posters& posters, const Numbers& arrived, const Numbers& returned) {
    for (std::size_t i = 0; i < Posters::count; ++i) {
        const auto& first = arrived.of(i);
        const auto& last = returned.of(i);
        for (std::size_t n = 0; n < first.size(); ++n)
            ASSERT_EQ(first[n], n + 1) << "thread " << i;
        for (std::size_t n = 0; n < last.size(); ++n)
            ASSERT_EQ(last[n], posters.posted[i] - last.size() + n + 1) << "thread " << i;
        ASSERT_LE(first.size() + last.size(), posters.posted[i]) << "thread " << i;
    }
}

std::uint64_t sumOf(const Posters& posters) {
    return posters.posted[0] + posters.posted[1] + posters.posted[2];
}

/// Takes what comes until the channel's ChannelClosed or the end; what was posted and comes back is noted.
void hear(const BlockingChannelGroup& group, ChannelNumber channel, Heard& heard, Numbers& returned) {
    error_code ec;
    while (const MessagePtr message = group.waitReceive(patience, ec)) {
        if (isClosedNotice(*message) && message->header.channelNumber == channel) break;
        if (message->isFromApplication())
            ++heard.words;
        else if (isCounted(message->header.messageId))
            returned.add(message->header.messageId);
    }
    heard.isOver = true;
}

/// How the channel ends.
enum class Finish { ByeSignal, PeersByeSignal, PeersEngineGoes, Shutdown, ReactorDestroyed, GroupDestroyed };

std::string nameOf(Finish finish) {
    constexpr std::array names{"ByeSignal", "PeersByeSignal",   "PeersEngineGoes",
                               "Shutdown",  "ReactorDestroyed", "GroupDestroyed"};
    return names[static_cast<std::size_t>(finish)];
}

/// Two engines of which each may go. Threads of the first post, and hear from the second all the time.
class DirectWriteEnds : public testing::TestWithParam<Finish> {
protected:
    /// At the peer: notes what arrives until its channel closes.
    void receive(Numbers& arrived, std::atomic<std::uint64_t>& count) {
        error_code ec;
        while (const MessagePtr message = peersChannels_.waitReceive(patience, ec)) {
            if (isClosedNotice(*message)) return;
            if (!message->isFromApplication() || !isCounted(message->header.messageId)) continue;
            arrived.add(message->header.messageId);
            ++count;
        }
    }
    /// At the peer: says something again and again.
    void speak() {
        error_code ec;
        while (!ec || ec == Status::SendQueueFull) {
            MessagePtr message(new Message);
            message->header = {.channelNumber = atPeer_, .opCode = OpCode::Signal};
            peersChannels_.post(std::move(message), ec);
            std::this_thread::yield();
        }
    }
    void finish() {
        switch (GetParam()) {
            case Finish::ByeSignal:
                own_->post(OpCode::ByeSignal, atOwn_);
                break;
            case Finish::PeersByeSignal:
                peer_->post(OpCode::ByeSignal, atPeer_);
                break;
            case Finish::PeersEngineGoes:
                peersReactor_.reset();
                break;
            case Finish::Shutdown:
                ownReactor_->shutdown(patience);
                break;
            case Finish::ReactorDestroyed:
                ownReactor_.reset();
                break;
            case Finish::GroupDestroyed:
                own_->group = ChannelGroup();
                break;
        }
    }

    std::optional<Reactor> ownReactor_{std::in_place};
    std::optional<Reactor> peersReactor_{std::in_place};
    std::optional<Party> own_{*ownReactor_};
    std::optional<Party> peer_{*peersReactor_};
    BlockingChannelGroup ownChannels_ = own_->channels;
    BlockingChannelGroup peersChannels_ = peer_->channels;
    ChannelNumber atPeer_ = peer_->sayHello(own_->listen(localTcp()).address).channelNumber;
    ChannelNumber atOwn_ = own_->acceptHello();
};

INSTANTIATE_TEST_SUITE_P(By, DirectWriteEnds,
                         testing::Values(Finish::ByeSignal, Finish::PeersByeSignal, Finish::PeersEngineGoes,
                                         Finish::Shutdown, Finish::ReactorDestroyed, Finish::GroupDestroyed),
                         [](const auto& one) { return nameOf(one.param); });

TEST_P(DirectWriteEnds, EveryPostIsSentOrComesBackOnce) {
    peer_->next(OpCode::HelloResponse);
    Numbers returned;
    Numbers arrived;
    std::atomic<std::uint64_t> arrivedCount{0};
    std::jthread receiver([&] { receive(arrived, arrivedCount); });
    std::jthread speaker([&] { speak(); });
    Heard heard;
    std::jthread hearing([&] { hear(ownChannels_, atOwn_, heard, returned); });
    Posters posters(ownChannels_, atOwn_, heard);
    EXPECT_TRUE(eventually([&] { return arrivedCount.load() > scaled(3'000); }));
    finish();
    posters.join();
    hearing.join();
    speaker.join();
    receiver.join();
    expectAllAccountedFor(posters, arrived, returned);
    if (GetParam() == Finish::GroupDestroyed) return;  // nobody is left to be told
    const GroupStats stats = own_->group.stats();
    EXPECT_EQ(stats.returned.total(), returned.total());
    EXPECT_EQ(stats.sent.messages + returned.total(), sumOf(posters) + 1) << "and the answer to the hello";
}

// What the peer had read whole does not come back, and what comes back it had not.
TEST(DirectWriteReset, EveryPostIsSentOrComesBackOnce) {
    for (int round = 0; round < 5; ++round) {
        raw::Server server;
        Side side;
        const ChannelNumber channel =
            side->sayHello(TcpClientAddress{"127.0.0.1", server.port()}).channelNumber;
        raw::Peer peer = server.accept();
        const auto readFrame = [&peer] {
            const Bytes head = peer.receive(BinaryHeader::wireSize);
            const BinaryHeader header = BinaryHeader::decode(std::span(head).first<BinaryHeader::wireSize>());
            peer.receive(std::size_t{header.textHeadersLength} + header.bodyLength);
            return header.messageId;
        };
        peer.send(raw::Frame{.proto = 4, .id = readFrame()}.bytes());
        side->next(OpCode::HelloResponse);

        Numbers returned;
        Numbers arrived;
        Heard heard;
        std::jthread hearing([&] { hear(side->channels, channel, heard, returned); });
        Posters posters(side->channels, channel, heard);
        const Bytes word = raw::Frame{.proto = 2}.bytes();
        for (std::uint64_t i = 0; i < scaled(1'000); ++i) {
            peer.send(word);
            arrived.add(readFrame());
        }
        peer.reset();
        posters.join();
        hearing.join();
        expectAllAccountedFor(posters, arrived, returned);
        EXPECT_EQ(side->group.stats().sent.messages + returned.total(), sumOf(posters) + 1)
            << "and the hello";
        EXPECT_EQ(side->group.stats().returned.total(), returned.total());
    }
}

// --- Many threads, one channel or several ---

/// Threads that each ask and wait for the answer, on channels of one group.
class Askers {
public:
    static constexpr std::size_t count = 4;

    explicit Askers(Side& side) : side_(side) {}

    /// Thread i asks on channel i modulo their number.
    void run(const std::vector<ChannelNumber>& channels, std::uint64_t rounds) {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < count; ++i)
            threads.emplace_back([&, i] { ask(channels[i % channels.size()], i, rounds); });
        for (std::uint64_t i = 0; i < count * rounds; ++i) {
            const MessagePtr answer = side_->next(OpCode::Response);
            const std::size_t thread = (answer->header.messageId >> 32) - 1;
            ASSERT_EQ(answer->header.channelNumber, channels[thread % channels.size()]);
            // One at a time is asked, so this one it must be.
            ASSERT_EQ(answer->header.messageId & 0xffff'ffff, answered_[thread].load() + 1);
            answered_[thread].fetch_add(1);
            answered_[thread].notify_one();
        }
    }

private:
    void ask(ChannelNumber channel, std::size_t self, std::uint64_t rounds) {
        for (std::uint64_t number = 1; number <= rounds; ++number) {
            MessagePtr request = makeSignal(channel, idOf(self, number));
            request->header.opCode = OpCode::Request;
            side_->post(std::move(request));
            answered_[self].wait(number - 1);
        }
    }

    Side& side_;
    std::array<std::atomic<std::uint64_t>, count> answered_{};
};

/// Answers so many Requests, some of them as a queue of one.
void answerAll(Party& party, std::uint64_t requests) {
    for (std::uint64_t i = 0; i < requests;) {
        MessagePtr message = party.next();
        if (message->header.opCode != OpCode::Request) continue;
        ++i;
        message->header.opCode = OpCode::Response;
        if (i % 3 != 0) {
            party.post(std::move(message));
            continue;
        }
        MessageQueue one;
        one.pushBack(std::move(message));
        EXPECT_EQ(party.channels.postAll(one), 1U);
    }
}

void askOverSomeChannels(std::size_t channelCount) {
    Link link;
    std::vector<ChannelNumber> channels{link.atClient};
    while (channels.size() < channelCount) {
        channels.push_back(link.client->sayHello(link.listening.address).channelNumber);
        link.server->acceptHello();
        link.client->next(OpCode::HelloResponse);
    }
    const std::uint64_t rounds = scaled(1'000);
    std::jthread server([&] { answerAll(link.server.party, Askers::count * rounds); });
    Askers askers(link.client);
    askers.run(channels, rounds);
    server.join();
    EXPECT_EQ(link.client->group.stats().pending, 0U);
    EXPECT_EQ(link.server->group.stats().pending, 0U);
    EXPECT_EQ(link.client->group.stats().sent.messages, channelCount + Askers::count * rounds);
    EXPECT_EQ(link.server->group.stats().sent.messages, channelCount + Askers::count * rounds);
}

TEST(DirectWriteCrowd, ManyThreadsOnOneChannel) {
    askOverSomeChannels(1);
}

TEST(DirectWriteCrowd, ManyThreadsOnTwoChannels) {
    askOverSomeChannels(2);
}

TEST(DirectWriteCrowd, ManyThreadsOnAChannelEach) {
    askOverSomeChannels(Askers::count);
}

}  // namespace
}  // namespace tempeh::test

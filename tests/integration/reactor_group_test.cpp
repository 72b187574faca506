// Several engines that share what one of them accepts: ChannelGroup::distributeTo() and ReactorGroup.

#include "support/engine_fixture.hpp"
#include "support/log_lines.hpp"
#include "unit/transport/raw_socket.hpp"

#include <tempeh/core/reactor_group.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <future>
#include <optional>
#include <thread>

namespace tempeh::test {
namespace {

/// Two engines; what the first accepts is for both.
struct Two {
    explicit Two(const Options& options = Options(), AcceptPolicy policy = {})
        : first(options), second(options) {
        const std::array<ChannelGroup*, 2> members{&first.party.group, &second.party.group};
        first.party.group.distributeTo(members, std::move(policy));
    }

    Side first;
    Side second;
};

/// An engine's thread that does something else for as long as this lives.
class Held {
public:
    explicit Held(Reactor& reactor) {
        asio::post(reactor.executor(), [this] {
            isHeld_.set_value();
            release_.get_future().wait();
            isOver_.set_value();
        });
        isHeld_.get_future().wait();
    }
    ~Held() {
        release_.set_value();
        isOver_.get_future().wait();
    }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

private:
    std::promise<void> isHeld_;
    std::promise<void> release_;
    std::promise<void> isOver_;
};

AcceptPolicy always(std::size_t index) {
    return [index](const AcceptedConnection&) { return index; };
}

class Distribution : public testing::TestWithParam<bool> {
protected:
    static Address anywhere() { return GetParam() ? Address(UdsServerAddress()) : localTcp(); }
};
#if defined(_WIN32)
INSTANTIATE_TEST_SUITE_P(Over, Distribution, testing::Values(false), [](const auto&) { return "Tcp"; });
#else
INSTANTIATE_TEST_SUITE_P(Over, Distribution, testing::Bool(),
                         [](const auto& one) { return one.param ? "Uds" : "Tcp"; });
#endif

TEST_P(Distribution, AConversationRunsOnTheEngineThatWasChosen) {
    Two servers({}, always(1));
    Side client;
    const Listening listening = servers.first->listen(anywhere());
    for (int i = 0; i < 3; ++i)
        converse(servers.second.party, client.party, listening.address);
    EXPECT_EQ(servers.second.reactor.stats().accepted, 3U);
    EXPECT_EQ(servers.first.reactor.stats().accepted, 0U);
    servers.first->expectNothingMore();
}

TEST_P(Distribution, AChannelElsewhereKnowsItsAddressesAndItsPeer) {
    Two servers({}, always(1));
    Side client;
    const Listening listening = servers.first->listen(anywhere());
    client->sayHello(listening.address);
    const ChannelNumber channel = servers.second->acceptHello();
    const ChannelInfo info = servers.second.party.group.channelInfo(channel);
    EXPECT_EQ(info.localAddress, toString(listening.bound));
    EXPECT_FALSE(info.peerAddress.empty());
    EXPECT_EQ(info.peerCredentials.has_value(), GetParam());
    EXPECT_EQ(info.transport, GetParam() ? Transport::Uds : Transport::Tcp);
}

TEST(Distribution, TheEngineWithTheFewestChannelsGetsTheNextConnection) {
    constexpr std::size_t connections = 99;
    ReactorGroup reactors(4);
    std::vector<ChannelGroup> groups = reactors.createGroups();
    std::vector<std::jthread> receivers;
    for (ChannelGroup& group : groups)
        receivers.emplace_back([channels = group.blocking()]() mutable {
            error_code ec;
            while (MessagePtr message = channels.waitReceive(patience, ec)) {
                if (message->header.opCode != OpCode::HelloRequest) continue;
                message->header.opCode = OpCode::HelloResponse;
                channels.post(std::move(message), ec);
            }
        });
    // The thread of the first group has its answer, so the listener is asked for another way.
    Side client;
    UdsServerAddress address(temporaryUdsPath());
    MessagePtr welcome = reactors[0].get();
    format(address, *welcome);
    const ChannelNumber listener = groups[0].post(std::move(welcome)).channelNumber;
    ASSERT_TRUE(eventually([&] { return groups[0].channelInfo(listener).state == ChannelPhase::Listening; }));
    for (std::size_t i = 0; i < connections; ++i)
        client->sayHello(UdsClientAddress(address.path));
    for (std::size_t i = 0; i < connections; ++i)
        client->next(OpCode::HelloResponse);
    for (std::size_t i = 0; i < reactors.size(); ++i)
        EXPECT_EQ(reactors[i].stats().channels, (connections + 1) / reactors.size())
            << i;  // the listener too
    EXPECT_EQ(reactors.stats().channels, connections + 1);
    EXPECT_EQ(reactors.stats().accepted, connections);
    EXPECT_TRUE(reactors.shutdown(patience).complete);
}

TEST(Distribution, APolicyIsToldWhoConnectsAndHowManyThereAre) {
    std::vector<std::vector<std::size_t>> seen;
    std::string peer;
    Two servers({}, [&](const AcceptedConnection& connection) {
        seen.emplace_back(connection.connected.begin(), connection.connected.end());
        peer = connection.peerAddress;
        return std::size_t{1};
    });
    Side client;
    const Listening listening = servers.first->listen(localTcp());
    client->sayHello(listening.address);
    servers.second->acceptHello();
    client->sayHello(listening.address);
    servers.second->acceptHello();
    using Counts = std::vector<std::size_t>;
    EXPECT_EQ(seen, (std::vector<Counts>{{1, 0}, {1, 1}}));
    EXPECT_TRUE(peer.starts_with("tcp|127.0.0.1|")) << peer;
}

TEST(Distribution, APolicyThatThrowsIsLoggedAndTheFewestCount) {
    LogLines lines;
    Options options;
    options.logger = lines.logger();
    Two servers(options,
                [](const AcceptedConnection&) -> std::size_t { throw std::runtime_error("no idea"); });
    Side client;
    const Listening listening = servers.first->listen(localTcp());
    converse(servers.second.party, client.party, listening.address);
    EXPECT_EQ(lines.warningsWith("no idea"), 1U);
}

TEST(Distribution, AnIndexBeyondTheMembersMeansTheFewest) {
    Two servers({}, always(17));
    Side client;
    const Listening listening = servers.first->listen(localTcp());
    converse(servers.second.party, client.party, listening.address);
}

TEST(Distribution, MembersThatAreGoneArePassedOver) {
    Side first;
    Side client;
    {
        Side second;
        const std::array<ChannelGroup*, 1> members{&second.party.group};
        first.party.group.distributeTo(members);
    }
    const Listening listening = first->listen(localTcp());
    converse(first.party, client.party, listening.address);
}

TEST(Distribution, WithoutMembersItIsOff) {
    Two servers({}, always(1));
    servers.first.party.group.distributeTo({});
    Side client;
    const Listening listening = servers.first->listen(localTcp());
    converse(servers.first.party, client.party, listening.address);
}

TEST(Distribution, AnEmptyHandleIsRefused) {
    Side side;
    ChannelGroup empty;
    const std::array<ChannelGroup*, 1> members{&empty};
    error_code ec;
    side.party.group.distributeTo(members, {}, ec);
    EXPECT_EQ(ec, Status::InvalidChannelGroup);
    empty.distributeTo({}, {}, ec);
    EXPECT_EQ(ec, Status::InvalidChannelGroup);
}

TEST(Distribution, TheLimitsOfTheListenerCountConnectionsWhereverTheyAre) {
    Options options;
    options.maxConnectionsPerListener = 2;
    Two servers(options, always(1));
    Side client;
    const Listening listening = servers.first->listen(localTcp());
    const ChannelNumber one = client->sayHello(listening.address).channelNumber;
    servers.second->acceptHello();
    client->sayHello(listening.address);
    servers.second->acceptHello();
    client->next(OpCode::HelloResponse);
    client->next(OpCode::HelloResponse);
    const ChannelNumber refused = client->sayHello(listening.address).channelNumber;
    client->collectUntilClosed(refused);
    EXPECT_EQ(servers.first.reactor.stats().refusedByListener, 1U);
    // One goes, and there is room again.
    client->post(OpCode::ByeSignal, one);
    client->nextClosed(one);
    ASSERT_TRUE(eventually([&] {
        const ChannelNumber next = client->sayHello(listening.address).channelNumber;
        const MessagePtr answer = [&] {
            for (;;) {
                if (servers.second.party.group.stats().pending != 0) {
                    MessagePtr there = servers.second->next();
                    if (there->header.opCode != OpCode::HelloRequest) continue;
                    there->header.opCode = OpCode::HelloResponse;
                    servers.second->post(std::move(there));
                }
                if (MessagePtr mine = client->channels.waitReceive(10ms)) return mine;
            }
        }();
        if (statusOf(*answer) == Status::Success) return true;
        client->nextClosed(next);
        return false;
    }));
}

TEST(Distribution, WhoSaysNoHelloElsewhereGoesForANewerOne) {
    Options options;
    options.maxHandshakesPerListener = 2;
    Two servers(options, always(1));
    Side client;
    const Listening listening = servers.first->listen(localTcp());
    const std::uint16_t port = std::get<TcpServerAddress>(listening.bound).port;
    const transport::RawSocket silent[] = {transport::RawSocket::make(AF_INET),
                                           transport::RawSocket::make(AF_INET)};
    for (const transport::RawSocket& one : silent) {
        const sockaddr_in there = transport::loopback(port);
        ASSERT_EQ(::connect(one.get(), reinterpret_cast<const sockaddr*>(&there), sizeof there), 0);
    }
    converse(servers.second.party, client.party, listening.address);
    EXPECT_GE(servers.second.reactor.stats().droppedHandshakes, 1U);
    // A hello makes room at the listener: many more than two may be open.
    for (int i = 0; i < 8; ++i) {
        client->sayHello(listening.address);
        servers.second->acceptHello();
        client->next(OpCode::HelloResponse);
    }
}

TEST(Distribution, WhoseHelloABusyEngineHasNotReadIsNotThrownOut) {
    Options options;
    options.maxHandshakesPerListener = 1;
    Two servers(options, always(1));
    Side client;
    const Listening listening = servers.first->listen(localTcp());
    std::optional<Held> busy(std::in_place, servers.second.reactor);
    // Both have said hello; the listener lets the second one in once the first has been silent for a second.
    client->sayHello(listening.address);
    client->sayHello(listening.address);
    ASSERT_TRUE(eventually([&] { return servers.second.reactor.stats().channels == 2; }));
    busy.reset();
    for (int i = 0; i < 2; ++i) {
        servers.second->acceptHello();
        client->next(OpCode::HelloResponse);
    }
    EXPECT_EQ(servers.second.reactor.stats().droppedHandshakes, 0U);
}

TEST(Distribution, AnEngineThatIsBusyLosesNothingAndHoldsUpNobody) {
    constexpr int connections = 20;
    Two servers;
    Side client;
    const Listening listening = servers.first->listen(localTcp());
    std::optional<Held> busy(std::in_place, servers.second.reactor);
    for (int i = 0; i < connections; ++i)
        client->sayHello(listening.address);
    // Half of them, and the listener, are on the engine that works.
    for (int i = 0; i < connections / 2 - 1; ++i) {
        servers.first->acceptHello();
        client->next(OpCode::HelloResponse);
    }
    busy.reset();
    int late = 0;
    for (; late < connections / 2; ++late) {
        servers.second->acceptHello();
        client->next(OpCode::HelloResponse);
    }
    servers.first->acceptHello();
    client->next(OpCode::HelloResponse);
}

TEST(Distribution, EnginesMayGoInAnyOrderWhileConnectionsCome) {
    for (int round = 0; round < 20; ++round) {
        Side client;
        std::optional<Side> first;
        std::optional<Side> second;
        first.emplace();
        second.emplace();
        const std::array<ChannelGroup*, 2> members{&first->party.group, &second->party.group};
        first->party.group.distributeTo(members);
        const Listening listening = (*first)->listen(localTcp());
        for (int i = 0; i < 16; ++i)
            client->sayHello(listening.address);
        auto& early = round % 2 == 0 ? first : second;
        auto& late = round % 2 == 0 ? second : first;
        early.reset();
        late.reset();
    }
}

TEST(Distribution, ConnectionsOutliveTheEngineThatAcceptedThem) {
    Side client;
    Side second;
    ChannelNumber atClient = 0;
    ChannelNumber atServer = 0;
    {
        Side first;
        const std::array<ChannelGroup*, 1> members{&second.party.group};
        first.party.group.distributeTo(members);
        const Listening listening = first->listen(localTcp());
        atClient = client->sayHello(listening.address).channelNumber;
        atServer = second->acceptHello();
        client->next(OpCode::HelloResponse);
    }
    client->post(OpCode::Request, atClient, "still there?");
    EXPECT_EQ(second->next(OpCode::Request)->body.view(), "still there?");
    second->post(OpCode::ByeSignal, atServer);
    second->nextClosed(atServer);
}

TEST(ReactorGroup, HasAThreadForEachReactor) {
    ReactorGroup reactors(3);
    ASSERT_EQ(reactors.size(), 3U);
    std::vector<std::thread::id> ids;
    for (std::size_t i = 0; i < reactors.size(); ++i) {
        std::promise<std::thread::id> id;
        asio::post(reactors[i].executor(), [&id] { id.set_value(std::this_thread::get_id()); });
        ids.push_back(id.get_future().get());
    }
    std::ranges::sort(ids);
    EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());
}

TEST(ReactorGroup, RunsOnContextsOfTheCallers) {
    asio::io_context one;
    asio::io_context other;
    const auto workOfOne = asio::make_work_guard(one);
    const auto workOfOther = asio::make_work_guard(other);
    const std::jthread threads[] = {std::jthread([&] { one.run(); }), std::jthread([&] { other.run(); })};
    {
        ReactorGroup reactors({one, other});
        std::vector<ChannelGroup> groups = reactors.createGroups(always(1));
        Side client;
        BlockingChannelGroup listening = groups[0].blocking();
        MessagePtr welcome = reactors[0].get();
        format(localTcp(), *welcome);
        listening.post(std::move(welcome));
        const Address bound = parseAddress(*listening.waitReceive(patience));
        client->sayHello(clientAddressOf(bound));
        const MessagePtr hello = groups[1].blocking().waitReceive(patience);
        ASSERT_NE(hello, nullptr);
        EXPECT_EQ(hello->header.opCode, OpCode::HelloRequest);
        EXPECT_TRUE(reactors.shutdown(patience).complete);
    }
    one.stop();
    other.stop();
}

TEST(ReactorGroup, NeedsAContext) {
    EXPECT_THROW(ReactorGroup(std::vector<std::reference_wrapper<asio::io_context>>()),
                 std::invalid_argument);
}

TEST(ReactorGroup, TheLeastBusyOneIsForTheNextClient) {
    Side server;
    const Listening listening = server->listen(localTcp());
    ReactorGroup reactors(2);
    std::vector<Party> clients;
    for (int i = 0; i < 4; ++i) {
        clients.emplace_back(reactors.leastBusy());
        clients.back().sayHello(listening.address);
        server->acceptHello();
        clients.back().next(OpCode::HelloResponse);
    }
    EXPECT_EQ(reactors[0].stats().channels, 2U);
    EXPECT_EQ(reactors[1].stats().channels, 2U);
}

TEST(ReactorGroup, ItsShutdownIsNotForItsOwnThreads) {
    ReactorGroup reactors(2);
    std::promise<error_code> outcome;
    asio::post(reactors[1].executor(), [&] {
        error_code ec;
        reactors.shutdown(Duration::zero(), ec);
        outcome.set_value(ec);
    });
    EXPECT_EQ(outcome.get_future().get(), Status::NotAllowed);
}

}  // namespace
}  // namespace tempeh::test

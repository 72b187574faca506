// What lib/transport/transport.hpp promises, asked of every transport.

#include "support/pipe_transport.hpp"
#include "transport/scheme.hpp"
#include "unit/transport/network_fixture.hpp"

#include <boost/asio/detached.hpp>

#include <array>
#include <string>

namespace tempeh::transport {
namespace {

Address serverOn(const std::string& scheme) {
    test::addPipeTransport();
    if (scheme == "tcp") return TcpServerAddress("127.0.0.1", 0);
    if (scheme == "uds") return UdsServerAddress();
    return CustomServerAddress(scheme, "");
}

class Contract : public NetworkTest, public ::testing::WithParamInterface<std::string> {
protected:
    Address anywhere() const { return serverOn(GetParam()); }
    Pair makePair() { return connectPair(anywhere()); }
};

#if defined(_WIN32)
const std::string transports[] = {"tcp", "mem", "pipe"};  // Unix sockets are not for Windows yet
#else
const std::string transports[] = {"tcp", "uds", "mem", "pipe"};
#endif
INSTANTIATE_TEST_SUITE_P(Of, Contract, ::testing::ValuesIn(transports),
                         [](const auto& one) { return one.param; });

/// Writes until nothing more is taken; how much that was.
std::size_t fill(Stream& stream) {
    const std::string block(64 * 1024, 'x');
    const std::span<const std::byte> bytes = bytesOf(block);
    std::size_t size = 0;
    error_code ec;
    while (!ec)
        size += stream.writeSome({&bytes, 1}, ec);
    EXPECT_EQ(ec, asio::error::would_block);
    return size;
}

TEST_P(Contract, NamesBothEndsWithItsScheme) {
    const Pair pair = makePair();
    for (const Stream* stream : {pair.client.get(), pair.server.get()}) {
        EXPECT_TRUE(stream->info().localAddress.starts_with(GetParam() + "|"));
        EXPECT_TRUE(stream->info().peerAddress.starts_with(GetParam() + "|"));
        EXPECT_EQ(stream->info().transport, findTransport(GetParam())->kind());
    }
    EXPECT_EQ(pair.client->info().peerAddress, pair.server->info().localAddress);
}

TEST_P(Contract, ResolvesWhatTheAddressLeavesOpen) {
    const std::unique_ptr<Listener> first = listenOn(anywhere());
    const std::unique_ptr<Listener> second = listenOn(anywhere());
    EXPECT_NE(first->boundAddress(), anywhere());
    EXPECT_NE(first->boundAddress(), second->boundAddress());
    EXPECT_TRUE(wire::isServer(first->boundAddress()));
    EXPECT_EQ(wire::schemeOf(first->boundAddress()), GetParam());
}

TEST_P(Contract, TakesOnlyAddressesOfItsOwn) {
    const Address foreign = GetParam() == "tcp" ? Address(UdsServerAddress()) : serverOn("tcp");
    for (const Address& wrong : {foreign, wire::clientAddressOf(anywhere())}) {
        const std::unique_ptr<Listener> listener = network_->makeListener(GetParam());
        EXPECT_EQ(open(*listener, wrong), Status::WrongAddress);
    }
    for (const Address& wrong : {wire::clientAddressOf(foreign), anywhere()}) {
        const std::unique_ptr<Connector> connector = network_->makeConnector(GetParam());
        const AttemptPtr attempt = startConnect(*connector, wrong);
        finish(attempt);
        EXPECT_EQ(attempt->ec, Status::WrongAddress);
        EXPECT_EQ(attempt->stream, nullptr);
    }
}

TEST_P(Contract, APlaceHasOneListenerAndIsFreeWhenItClosed) {
    std::unique_ptr<Listener> first = listenOn(anywhere());
    const Address place = first->boundAddress();
    const std::unique_ptr<Listener> second = network_->makeListener(GetParam());
    EXPECT_EQ(open(*second, place), asio::error::address_in_use);
    first->close();
    const std::unique_ptr<Listener> third = listenOn(place);
    EXPECT_EQ(third->boundAddress(), place);
}

TEST_P(Contract, NobodyConnectsToAPlaceThatIsClosed) {
    const std::unique_ptr<Listener> listener = listenOn(anywhere());
    const Address place = wire::clientAddressOf(listener->boundAddress());
    listener->close();
    const AttemptPtr attempt = connectTo(place);
    EXPECT_EQ(attempt->stream, nullptr);
    ASSERT_TRUE(attempt->ec);
    const Status status = network_->makeConnector(GetParam())->statusOf(attempt->ec);
    EXPECT_EQ(status, GetParam() == "uds" ? Status::UdsPathNotFound : Status::ConnectFailed);
}

TEST_P(Contract, CancelBeforeConnectEndsIt) {
    const std::unique_ptr<Listener> listener = listenOn(anywhere());
    const Address place = wire::clientAddressOf(listener->boundAddress());
    const std::unique_ptr<Connector> connector = network_->makeConnector(GetParam());
    connector->cancel();
    connector->cancel();
    const AttemptPtr attempt = startConnect(*connector, place);
    finish(attempt);
    EXPECT_EQ(attempt->stream, nullptr);
    EXPECT_EQ(attempt->ec, asio::error::operation_aborted);
}

TEST_P(Contract, CloseEndsAcceptThroughTheExecutorAndEveryLaterOne) {
    const std::unique_ptr<Listener> listener = listenOn(anywhere());
    const AttemptPtr accepting = startAccept(*listener);
    runReady();
    ASSERT_FALSE(accepting->isDone);
    listener->close();
    listener->close();
    EXPECT_FALSE(accepting->isDone);
    finish(accepting);
    EXPECT_EQ(accepting->ec, asio::error::operation_aborted);
    const AttemptPtr later = startAccept(*listener);
    finish(later);
    EXPECT_EQ(later->ec, asio::error::operation_aborted);
}

TEST_P(Contract, CarriesBytesBothWaysInOrder) {
    const Pair pair = makePair();
    EXPECT_FALSE(writeAll(*pair.client, "there "));
    EXPECT_FALSE(writeAll(*pair.client, "and"));
    EXPECT_FALSE(writeAll(*pair.server, "back"));
    EXPECT_EQ(readText(*pair.server, 9), "there and");
    EXPECT_EQ(readText(*pair.client, 4), "back");
}

TEST_P(Contract, ReadsIntoOneSpanAfterTheOtherAndWritesInTheirOrder) {
    const Pair pair = makePair();
    const std::array<std::span<const std::byte>, 3> parts{bytesOf("ab"), bytesOf(""), bytesOf("cde")};
    error_code ec;
    EXPECT_EQ(pair.client->writeSome(parts, ec), 5U);
    EXPECT_FALSE(ec);
    finish(startWaitReadable(*pair.server));
    std::string first(2, ' ');
    std::string second(9, ' ');
    const std::array<std::span<std::byte>, 2> into{std::as_writable_bytes(std::span(first)),
                                                   std::as_writable_bytes(std::span(second))};
    EXPECT_EQ(pair.server->readSome(into, ec), 5U);
    EXPECT_EQ(first + second.substr(0, 3), "abcde");
}

TEST_P(Contract, SaysWouldBlockWhereNothingIsThere) {
    const Pair pair = makePair();
    std::array<std::byte, 8> room;
    error_code ec;
    EXPECT_EQ(pair.client->readSome(room, ec), 0U);
    EXPECT_EQ(ec, asio::error::would_block);
}

TEST_P(Contract, ReceivesWhatIsThereAndWhatComes) {
    const Pair pair = makePair();
    std::array<std::byte, 8> room;
    const AttemptPtr early = startReceive(*pair.server, room);
    runReady();
    ASSERT_FALSE(early->isDone);
    EXPECT_FALSE(writeAll(*pair.client, "one"));
    finish(early);
    EXPECT_EQ(early->size, 3U);
    EXPECT_FALSE(writeAll(*pair.client, "four"));
    finish(startWaitReadable(*pair.server));  // it is there
    const AttemptPtr late = startReceive(*pair.server, room);
    EXPECT_FALSE(late->isDone) << "never inline";
    finish(late);
    EXPECT_EQ(late->size, 4U);
}

TEST_P(Contract, TakesMoreWhenThePeerHasReadAndLosesNothing) {
    const Pair pair = makePair();
    std::size_t left = fill(*pair.client);
    const AttemptPtr writable = startWaitWritable(*pair.client);
    runReady();
    EXPECT_FALSE(writable->isDone);
    std::array<std::byte, 16 * 1024> room;
    while (left != 0) {
        error_code ec;
        left -= pair.server->readSome(room, ec);
        if (ec == asio::error::would_block) {
            finish(startWaitReadable(*pair.server));
        } else {
            ASSERT_FALSE(ec) << ec.message();
        }
    }
    finish(writable);
    EXPECT_FALSE(writable->ec);
    EXPECT_FALSE(writeAll(*pair.client, "more"));
    EXPECT_EQ(readText(*pair.server, 4), "more");
}

TEST_P(Contract, EndOfStreamComesBehindWhatWasWrittenAndTheOtherWayGoesOn) {
    const Pair pair = makePair();
    EXPECT_FALSE(writeAll(*pair.client, "last"));
    pair.client->shutdownSend();
    EXPECT_EQ(readText(*pair.server, 4), "last");
    error_code ec;
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(readText(*pair.server, 1, ec), "");
        EXPECT_EQ(ec, asio::error::eof);
    }
    EXPECT_FALSE(writeAll(*pair.server, "answer"));
    EXPECT_EQ(readText(*pair.client, 6), "answer");
}

TEST_P(Contract, CloseEndsEveryWaitThroughTheExecutor) {
    const Pair pair = makePair();
    fill(*pair.client);
    std::array<std::byte, 8> room;
    const AttemptPtr receiving = startReceive(*pair.client, room);
    const AttemptPtr writable = startWaitWritable(*pair.client);
    const AttemptPtr readable = startWaitReadable(*pair.server);
    finish(readable);  // what the client filled it with
    runReady();
    ASSERT_FALSE(receiving->isDone || writable->isDone);
    pair.client->close();
    pair.client->close();
    EXPECT_FALSE(receiving->isDone || writable->isDone);
    finish(receiving);
    finish(writable);
    EXPECT_EQ(receiving->ec, asio::error::operation_aborted);
    EXPECT_EQ(writable->ec, asio::error::operation_aborted);
}

TEST_P(Contract, AClosedStreamDoesNothingMore) {
    const Pair pair = makePair();
    pair.client->close();
    std::array<std::byte, 8> room;
    const std::span<const std::byte> text = bytesOf("x");
    error_code ec;
    EXPECT_EQ(pair.client->readSome(room, ec), 0U);
    EXPECT_EQ(ec, asio::error::operation_aborted);
    EXPECT_EQ(pair.client->writeSome({&text, 1}, ec), 0U);
    EXPECT_EQ(ec, asio::error::operation_aborted);
    EXPECT_FALSE(pair.client->hasUnsent());
    pair.client->acknowledgeNow();
    pair.client->shutdownSend();
    for (const AttemptPtr& wait : {startReceive(*pair.client, room), startWaitWritable(*pair.client)}) {
        finish(wait);
        EXPECT_TRUE(wait->ec);
    }
}

TEST_P(Contract, WritingToAPeerThatClosedIsAnErrorOfThePeers) {
    const Pair pair = makePair();
    pair.server->close();
    std::array<std::byte, 8> room;
    const AttemptPtr end = startReceive(*pair.client, room);
    finish(end);
    EXPECT_EQ(end->ec, asio::error::eof);
    error_code ec;
    while (!ec) {  // a kernel may take one before it is told
        const std::span<const std::byte> text = bytesOf("x");
        pair.client->writeSome({&text, 1}, ec);
    }
    EXPECT_TRUE(isOfPeer(ec)) << ec.message();
}

/// Of the transports whose streams can leave their executor.
class Detaching : public Contract {};
#if defined(_WIN32)
INSTANTIATE_TEST_SUITE_P(Of, Detaching, ::testing::Values("tcp", "mem"),
                         [](const auto& one) { return one.param; });
#else
INSTANTIATE_TEST_SUITE_P(Of, Detaching, ::testing::Values("tcp", "uds", "mem"),
                         [](const auto& one) { return one.param; });
#endif

TEST_P(Contract, AStreamThatCannotLeaveItsExecutorStaysAsItWas) {
    Pair pair = makePair();
    const bool isDetachable = GetParam() != "pipe";
    EXPECT_EQ(pair.server->detach() != nullptr, isDetachable);
    if (isDetachable) return;
    const std::string_view text = "still here";
    EXPECT_FALSE(writeAll(*pair.client, text));
    finish(startWaitReadable(*pair.server));
    std::array<std::byte, 64> room{};
    error_code ec;
    EXPECT_EQ(pair.server->readSome(room, ec), text.size());
}

TEST_P(Detaching, ADetachedStreamGoesOnOnAnotherExecutor) {
    Pair pair = makePair();
    const StreamInfo before = pair.server->info();
    const std::string identity = pair.server->peerIdentity();
    const std::string early = "written before";
    const std::span<const std::byte> bytes = bytesOf(early);
    error_code ec;
    ASSERT_EQ(pair.client->writeSome({&bytes, 1}, ec), early.size());
    std::unique_ptr<DetachedStream> detached = pair.server->detach();
    ASSERT_NE(detached, nullptr);
    pair.server.reset();
    asio::io_context elsewhere;
    const std::unique_ptr<Stream> stream = detached->attach(elsewhere.get_executor(), ec);
    ASSERT_FALSE(ec) << ec.message();
    EXPECT_EQ(stream->info().transport, before.transport);
    EXPECT_EQ(stream->info().localAddress, before.localAddress);
    EXPECT_EQ(stream->info().peerAddress, before.peerAddress);
    EXPECT_EQ(stream->peerIdentity(), identity);
    EXPECT_EQ(stream->traits().writesOnAnyThread, pair.client->traits().writesOnAnyThread);
    const auto attempt = std::make_shared<Attempt>();
    asio::co_spawn(elsewhere, readableInto(*stream, attempt), asio::detached);
    elsewhere.run();
    EXPECT_TRUE(attempt->isDone);
    std::array<std::byte, 64> room{};
    ASSERT_EQ(stream->readSome(room, ec), early.size());
}

TEST_P(Detaching, ADetachedStreamThatIsDroppedClosesTheConnection) {
    Pair pair = makePair();
    std::unique_ptr<DetachedStream> detached = pair.server->detach();
    ASSERT_NE(detached, nullptr);
    pair.server.reset();
    detached.reset();
    error_code ec;
    finish(startWaitReadable(*pair.client));
    std::array<std::byte, 64> room{};
    pair.client->readSome(room, ec);
    EXPECT_EQ(ec, asio::error::eof);
}

TEST_P(Contract, ConnectionsOfOnePeerAreToldAsSuch) {
    const std::unique_ptr<Listener> listener = listenOn(anywhere());
    const Address place = wire::clientAddressOf(listener->boundAddress());
    const Pair first = connectPair(*listener, place);
    const Pair second = connectPair(*listener, place);
    EXPECT_EQ(first.server->peerIdentity(), second.server->peerIdentity());
    EXPECT_FALSE(first.server->peerIdentity().empty());
}

TEST(Schemes, ATransportIsFoundByItsNameAlone) {
    test::addPipeTransport();
    EXPECT_EQ(findTransport("tcp")->name(), "tcp");
    EXPECT_EQ(findTransport("uds")->kind(), tempeh::Transport::Uds);
    EXPECT_EQ(findTransport("pipe")->kind(), tempeh::Transport::Other);
    for (const char* const name : {"", "tc", "tcp|", "TCP", "nobody"})
        EXPECT_EQ(findTransport(name), nullptr) << name;
}

std::unique_ptr<Provider> makeNothing(const asio::any_io_executor&, const SocketOptions&) {
    return nullptr;
}
bool isAnything(std::string_view, bool) noexcept {
    return true;
}

TEST(Schemes, ANameThatIsTakenOrNoneIsRefused) {
    test::addPipeTransport();
    for (const char* const name : {"tcp", "uds", "mem", "fd", "pipe", "", "a|b", "Upper", "with space"}) {
        static std::vector<std::unique_ptr<Scheme>> schemes;  // in static storage, as the rule is
        schemes.push_back(std::make_unique<Scheme>(name, &isAnything, &makeNothing));
        EXPECT_FALSE(addTransport(*schemes.back())) << name;
    }
    EXPECT_EQ(findTransport("pipe")->kind(), tempeh::Transport::Other);
}

class UnknownScheme : public NetworkTest {};

TEST_F(UnknownScheme, NeitherConnectsNorListens) {
    const std::unique_ptr<Listener> listener = network_->makeListener("nobody");
    EXPECT_EQ(open(*listener, CustomServerAddress("nobody", "x")), Status::InvalidAddress);
    const AttemptPtr accepting = startAccept(*listener);
    finish(accepting);
    EXPECT_EQ(accepting->ec, asio::error::operation_aborted);
    listener->close();
    EXPECT_EQ(connectTo(CustomClientAddress("nobody", "x"))->ec, Status::InvalidAddress);
}

}  // namespace
}  // namespace tempeh::transport

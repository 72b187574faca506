// Streams: values of any size in parts, both ways, beside everything else on the channel.

#include "support/flows_fixture.hpp"
#include "support/scale.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>
#include <numeric>

namespace tempeh::test {
namespace {

using flows::Peer;
using flows::StreamOptions;
using flows::StreamReader;
using flows::StreamWriter;
using namespace asio::experimental::awaitable_operators;

/// `size` bytes that differ from place to place.
std::string pattern(std::size_t size) {
    std::string bytes(size, '\0');
    std::uint32_t state = 1;
    for (char& byte : bytes) {
        state = state * 1664525U + 1013904223U;
        byte = static_cast<char>(state >> 24U);
    }
    return bytes;
}

std::uint64_t sumOf(std::span<const std::byte> bytes, std::uint64_t sum = 14695981039346656037U) {
    for (const std::byte byte : bytes)
        sum = (sum ^ static_cast<std::uint64_t>(byte)) * 1099511628211U;
    return sum;
}
std::uint64_t sumOf(std::string_view text) {
    return sumOf(std::as_bytes(std::span(text.data(), text.size())));
}

class FlowsStream : public ::testing::TestWithParam<Address> {
protected:
    const std::string value_ = pattern(scaled(10'000'000) + 12'345);
};

INSTANTIATE_TEST_SUITE_P(Over, FlowsStream, ::testing::Values(localTcp(), Address(UdsServerAddress{})),
                         [](const auto& one) { return one.param.index() == 1 ? "Tcp" : "Uds"; });

/// Answers every request, a stream or not, with the checksum of its body; echoes signals.
asio::awaitable<void> checksum(Peer peer) {
    for (;;) {
        MessagePtr first = co_await peer.receive();
        if (first->header.opCode != OpCode::Request) {
            if (first->header.opCode == OpCode::Signal) co_await peer.send(std::move(first));
            continue;
        }
        const MessageId id = first->header.messageId;
        StreamReader reader(peer, std::move(first));
        std::uint64_t sum = 14695981039346656037U;
        co_await reader.readTo([&sum](std::span<const std::byte> bytes) { sum = sumOf(bytes, sum); });
        MessagePtr answer = peer.newMessage(OpCode::Response, std::to_string(sum));
        answer->header.messageId = id;
        co_await peer.send(std::move(answer));
    }
}

asio::awaitable<void> upload(Peer peer, const std::string* value, StreamOptions options) {
    StreamWriter writer(peer, OpCode::Request, options);
    writer.textHeaders().append("name", "file");
    co_await writer.write(*value);
    const MessagePtr answer = co_await writer.answer(patience);
    EXPECT_EQ(answer->body.view(), std::to_string(sumOf(*value)));
}

TEST_P(FlowsStream, GoesUp) {
    FlowsPair pair(checksum, GetParam());
    pair.onClient(upload(pair.connect(), &value_, {}));
}

TEST_P(FlowsStream, GoesUpInAnyCut) {
    FlowsPair pair(checksum, GetParam());
    const std::string value = pattern(10'000);
    for (const std::size_t part : {1U, 7U, 5000U, 9999U, 10'000U, 10'001U})
        for (const std::size_t window : {0U, 1U, 2U, 100U})
            pair.onClient(upload(pair.connect(), &value, {.partBytes = part, .windowParts = window}));
    const std::string nothing;
    pair.onClient(upload(pair.connect(), &nothing, {}));
}

asio::awaitable<void> uploadFromSource(Peer peer, const std::string* value) {
    StreamWriter writer(peer, OpCode::Request);
    std::size_t place = 0;
    const flows::StreamSource source = [&](std::span<std::byte> room) {
        const std::size_t size = std::min({room.size(), value->size() - place, std::size_t{50'000}});
        std::memcpy(room.data(), value->data() + place, size);
        place += size;
        return size;
    };
    const std::uint64_t written = co_await writer.writeFrom(source);
    EXPECT_EQ(written, value->size());
    const MessagePtr answer = co_await writer.answer(patience);
    EXPECT_EQ(answer->body.view(), std::to_string(sumOf(*value)));
}

TEST_P(FlowsStream, GoesUpFromASource) {
    FlowsPair pair(checksum, GetParam());
    pair.onClient(uploadFromSource(pair.connect(), &value_));
}

/// Streams back as many bytes of the pattern as are asked for.
asio::awaitable<void> download(Peer peer) {
    for (;;) {
        const MessagePtr request = co_await peer.receive();
        if (request->header.opCode != OpCode::Request) continue;
        const std::string value = pattern(std::stoul(std::string(request->body.view())));
        StreamWriter writer(peer, request->header.messageId);
        co_await writer.write(value);
        co_await writer.finish(7);
    }
}

asio::awaitable<void> fetch(Peer peer, const std::string* value) {
    MessagePtr request = peer.newMessage(OpCode::Request, std::to_string(value->size()));
    StreamReader reader = co_await flows::requestStream(peer, std::move(request), patience);
    const std::string got = co_await reader.readAll(value->size());
    EXPECT_EQ(sumOf(got), sumOf(*value));
    EXPECT_EQ(got.size(), value->size());
    const MessagePtr end = co_await reader.next();
    EXPECT_EQ(end, nullptr);
}

TEST_P(FlowsStream, ComesDown) {
    FlowsPair pair(download, GetParam());
    pair.onClient(fetch(pair.connect(), &value_));
    const std::string small = pattern(10);
    pair.onClient(fetch(pair.connect(), &small));
}

asio::awaitable<void> fetchTooMuch(Peer peer, std::size_t limit) {
    MessagePtr request = peer.newMessage(OpCode::Request, "5000000");
    StreamReader reader = co_await flows::requestStream(peer, std::move(request), patience);
    const error_code ec = co_await codeOf(reader.readAll(limit));
    EXPECT_EQ(ec, Status::InvalidBodyLen);
    const error_code ended = co_await codeOf(peer.receive());
    EXPECT_EQ(ended, Status::ChannelClosed) << "the writer at the server threw, which ended the handler";
}

TEST_P(FlowsStream, StopsWhatIsLargerThanAllowed) {
    FlowsPair pair(download, GetParam());
    pair.onClient(fetchTooMuch(pair.connect(), 1000));
    pair.onClient(fetchTooMuch(pair.connect(), 100'000));
    EXPECT_TRUE(eventually([&] { return pair.server->counters().handlerFailures == 2; }));
}

/// Sends every byte of a streamed request back as it comes.
asio::awaitable<void> mirror(Peer peer) {
    MessagePtr first = co_await peer.receive();
    const MessageId id = first->header.messageId;
    StreamReader reader(peer, std::move(first));
    StreamWriter writer(peer, id);
    while (const MessagePtr part = co_await reader.next())
        co_await writer.write(part->body.bytes());
    co_await writer.finish();
    co_await echo(peer);
}

asio::awaitable<void> writeAll(StreamWriter* writer, const std::string* value) {
    co_await writer->write(*value);
    co_await writer->finish();
}

asio::awaitable<void> bothWays(Peer peer, const std::string* value) {
    StreamWriter writer(peer);
    std::string got;
    const auto read = [](StreamWriter* from, std::string* into) -> asio::awaitable<void> {
        StreamReader reader = co_await from->answerStream(patience);
        *into = co_await reader.readAll(std::size_t{1} << 30U);
    };
    co_await (writeAll(&writer, value) && read(&writer, &got));
    EXPECT_EQ(sumOf(got), sumOf(*value));
}

TEST_P(FlowsStream, GoesBothWaysAtOnce) {
    FlowsPair pair(mirror, GetParam());
    pair.onClient(bothWays(pair.connect(), &value_));
}

asio::awaitable<void> pingWhile(Peer peer, const bool* isOver, int* pings) {
    while (!*isOver) {
        const MessagePtr answer = co_await peer.request(peer.newMessage(OpCode::Request, "ping"), patience);
        EXPECT_EQ(answer->body.view(), std::to_string(sumOf("ping")));
        ++*pings;
    }
}

/// Every request in a coroutine of its own.
asio::awaitable<void> checksumOne(Peer peer, MessagePtr first) {
    const MessageId id = first->header.messageId;
    StreamReader reader(peer, std::move(first));
    const std::string all = co_await reader.readAll(std::size_t{1} << 30U);
    MessagePtr answer = peer.newMessage(OpCode::Response, std::to_string(sumOf(all)));
    answer->header.messageId = id;
    co_await peer.send(std::move(answer));
}

asio::awaitable<void> checksumSideBySide(Peer peer) {
    for (;;) {
        MessagePtr first = co_await peer.receive();
        if (first->header.opCode != OpCode::Request) co_return;
        asio::co_spawn(peer.executor(), checksumOne(peer, std::move(first)), asio::detached);
    }
}

asio::awaitable<void> uploadAndFlag(Peer peer, const std::string* value, bool* isOver) {
    co_await (upload(peer, value, {}) && upload(peer, value, {.partBytes = 1000}));
    *isOver = true;
}

asio::awaitable<void> uploadWithPings(Peer peer, const std::string* value) {
    bool isOver = false;
    int pings = 0;
    co_await (uploadAndFlag(peer, value, &isOver) && pingWhile(peer, &isOver, &pings));
    EXPECT_GT(pings, 0);
}

TEST_P(FlowsStream, SharesTheChannelWithOtherStreamsAndRequests) {
    FlowsPair pair(checksumSideBySide, GetParam());
    const std::string value = value_.substr(0, value_.size() / 5);
    pair.onClient(uploadWithPings(pair.connect(), &value));
}

TEST_P(FlowsStream, IsSentNoFurtherAheadThanItsWindow) {
    constexpr std::uint64_t window = 8;
    std::promise<std::uint64_t> farthest;
    const flows::Handler handler = [&](Peer peer) -> asio::awaitable<void> {
        MessagePtr first = co_await peer.receive();
        MessagePtr answer = peer.newMessage(OpCode::Response, "");
        answer->header.messageId = first->header.messageId;
        StreamReader reader(peer, std::move(first));
        std::uint64_t read = 0;
        std::uint64_t ahead = 0;
        std::uint64_t sum = 14695981039346656037U;
        while (const MessagePtr part = co_await reader.next()) {
            ++read;
            if (read % 16 == 0) co_await peer.sleep(1ms);  // lets it come as far as it may
            ahead = std::max(ahead, peer.counters().received - read);
            sum = sumOf(part->body.bytes(), sum);
        }
        farthest.set_value(ahead);
        answer->body.append(std::to_string(sum));
        co_await peer.send(std::move(answer));
        co_await echo(peer);
    };
    FlowsPair pair(handler, GetParam());
    const std::string value = pattern(200'000);
    pair.onClient(
        upload(pair.connect(), &value, {.partBytes = 1000, .windowParts = window, .patience = patience}));
    EXPECT_LE(farthest.get_future().get(), window);
}

asio::awaitable<void> readOnePart(Peer peer) {
    {
        MessagePtr first = co_await peer.receive();
        StreamReader reader(peer, std::move(first));
        const MessagePtr part = co_await reader.next();
        EXPECT_EQ(part->body.size(), 1000U);
    }
    co_await echo(peer);
}

asio::awaitable<void> writeToADeafReader(Peer peer) {
    StreamWriter writer(peer, OpCode::Request, {.partBytes = 1000, .patience = patience});
    const std::string value = pattern(1'000'000);
    const error_code ec = co_await codeOf(writer.write(value));
    EXPECT_EQ(ec, Status::NotAllowed);
}

asio::awaitable<void> expectPartsDropped(Peer peer) {
    co_await writeToADeafReader(peer);
    const MessagePtr answer = co_await peer.request(peer.newMessage(OpCode::Request, "next"), patience);
    EXPECT_EQ(answer->body.view(), "next") << "a part of the stream instead";
}

TEST_P(FlowsStream, EndsWhenItsReaderGoes) {
    FlowsPair pair(readOnePart, GetParam());
    pair.onClient(expectPartsDropped(pair.connect()));
}

asio::awaitable<void> expectAborted(Peer peer) {
    {
        MessagePtr first = co_await peer.receive();
        StreamReader reader(peer, std::move(first));
        const error_code ec = co_await codeOf(reader.readAll(1'000'000));
        EXPECT_EQ(ec, Status::ProcessingFailed);
    }
    co_await echo(peer);
}

asio::awaitable<void> giveUp(Peer peer) {
    {
        StreamWriter writer(peer, OpCode::Request, {.partBytes = 1000});
        co_await writer.write(pattern(5000));
    }
    const MessagePtr answer = co_await peer.request(peer.newMessage(OpCode::Request, "on"), patience);
    EXPECT_EQ(answer->body.view(), "on");
}

TEST_P(FlowsStream, TellsTheReaderWhenItsWriterGivesUp) {
    FlowsPair pair(expectAborted, GetParam());
    pair.onClient(giveUp(pair.connect()));
    EXPECT_EQ(pair.server->counters().handlerFailures, 0U);
}

asio::awaitable<void> hangUpInside(Peer peer) {
    MessagePtr first = co_await peer.receive();
    StreamReader reader(peer, std::move(first));
    co_await reader.next();
    peer.abort();
    const error_code ec = co_await codeOf(reader.readAll(1'000'000'000));
    EXPECT_EQ(ec, Status::ChannelClosed);
}

asio::awaitable<void> writeUntilClosed(Peer peer) {
    StreamWriter writer(peer, OpCode::Request, {.partBytes = 1000});
    const std::string value = pattern(50'000);
    error_code ec;
    while (!ec)
        ec = co_await codeOf(writer.write(value));
    EXPECT_EQ(ec, Status::ChannelClosed);
}

TEST_P(FlowsStream, FailsOnBothSidesWhenTheChannelEnds) {
    FlowsPair pair(hangUpInside, GetParam());
    pair.onClient(writeUntilClosed(pair.connect()));
}

asio::awaitable<void> askPlainly(Peer peer) {
    const MessagePtr first = co_await peer.request(peer.newMessage(OpCode::Request, "200000"), patience);
    EXPECT_TRUE(first->hasMore());
    EXPECT_EQ(first->body.size(), 65'535U);
    while (peer.counters().lateAnswers < 3)
        co_await asio::post(peer.executor(), asio::use_awaitable);
}

TEST_P(FlowsStream, GivesItsFirstPartToAPlainRequest) {
    FlowsPair pair(download, GetParam());
    pair.onClient(askPlainly(pair.connect()));
}

/// Parts of a sender that knows nothing of windows, waiting to be received before anybody reads.
asio::awaitable<void> readLate(Peer peer, std::promise<std::string>* result) {
    while (peer.counters().waiting < 4)
        co_await asio::post(peer.executor(), asio::use_awaitable);
    MessagePtr first = co_await peer.receive();
    StreamReader reader(peer, std::move(first));
    const MessagePtr other = co_await peer.receive();
    std::string all = co_await reader.readAll(100);
    all += "/" + std::string(other->body.view());
    result->set_value(all);
}

TEST_P(FlowsStream, TakesOverThePartsThatWait) {
    std::promise<std::string> result;
    const flows::Handler handler = [&result](Peer peer) { return readLate(std::move(peer), &result); };
    FlowsPair pair(handler, GetParam());
    Party party(pair.clientReactor);
    const ChannelNumber channel = party.sayHello(clientAddressOf(pair.address)).channelNumber;
    const auto sendPart = [&](std::string_view body, bool more) {
        MessagePtr part = party.make(OpCode::Request, channel, body, 5);
        part->header.more = more;
        party.post(std::move(part));
    };
    sendPart("a", true);
    sendPart("b", true);
    party.post(OpCode::Signal, channel, "other");
    sendPart("c", false);
    EXPECT_EQ(result.get_future().get(), "abc/other");
}

asio::awaitable<void> readSignals(Peer peer, std::promise<std::string>* result) {
    MessagePtr first = co_await peer.receive();
    EXPECT_EQ(first->header.opCode, OpCode::Signal);
    StreamReader reader(peer, std::move(first));
    result->set_value(co_await reader.readAll(1'000'000));
}

asio::awaitable<void> streamSignals(Peer peer, const std::string* value) {
    StreamWriter writer(peer, OpCode::Signal, {.partBytes = 1000, .windowParts = 4});
    co_await writer.write(*value);
    co_await writer.finish();
}

TEST_P(FlowsStream, MayBeASignal) {
    std::promise<std::string> result;
    const flows::Handler handler = [&result](Peer peer) { return readSignals(std::move(peer), &result); };
    FlowsPair pair(handler, GetParam());
    const std::string value = pattern(100'000);
    const flows::Peer peer = pair.connect();
    pair.onClient(streamSignals(peer, &value));
    EXPECT_EQ(sumOf(result.get_future().get()), sumOf(value));
}

asio::awaitable<void> expectTimeout(Peer peer) {
    StreamReader none = co_await flows::requestStream(peer, peer.newMessage(), 1ms);
    EXPECT_FALSE(none);
    StreamWriter writer(peer);
    co_await writer.write("x");
    const MessagePtr answer = co_await writer.answer(1ms);
    EXPECT_EQ(answer, nullptr);
    EXPECT_TRUE(peer.isOpen());
}

asio::awaitable<void> ignore(Peer peer) {
    for (;;)
        co_await peer.receive();
}

TEST(FlowsStreamTimeout, GivesNothing) {
    FlowsPair pair(ignore);
    pair.onClient(expectTimeout(pair.connect()));
}

}  // namespace
}  // namespace tempeh::test

// Streams both ways, and what becomes of them.

#include "sim/flows_workload.hpp"
#include "sim/presence.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace tempeh::test {

using namespace std::chrono_literals;
using asio::experimental::awaitable_operators::operator||;

namespace {

char byteOf(std::uint64_t seed, std::uint64_t position) {
    return static_cast<char>((seed * 131 + position * 31 + position / 251) & 0xffU);
}

std::string bytesOf(std::uint64_t seed, std::uint64_t from, std::uint64_t size) {
    std::string bytes;
    for (std::uint64_t i = 0; i < size; ++i)
        bytes.push_back(byteOf(seed, from + i));
    return bytes;
}

/// The seed and the size of a stream that is asked for.
std::pair<std::uint64_t, std::uint64_t> wantedBy(const Message& request) {
    const std::string text(*request.textHeaders.find("Fetch"));
    const std::size_t space = text.find(' ');
    return {std::stoull(text.substr(0, space)), std::stoull(text.substr(space + 1))};
}

}  // namespace

flows::StreamOptions FlowsWorkload::anyCut() {
    flows::StreamOptions options;
    options.partBytes = 1 + below(oneIn(2) ? 3000 : 60'000);
    if (oneIn(3)) options.windowParts = below(6);
    return options;
}

asio::awaitable<std::uint64_t> FlowsWorkload::readAndCompare(flows::StreamReader reader, std::uint64_t seed) {
    std::uint64_t size = 0;
    bool isIntact = true;
    flows::StreamSink sink = [&](std::span<const std::byte> bytes) {
        for (const std::byte byte : bytes)
            isIntact = isIntact && static_cast<char>(byte) == byteOf(seed, size++);
    };
    co_await reader.readTo(std::move(sink));
    if (!isIntact) fail("a stream brought other bytes than were sent");
    co_return size;
}

/// In pieces; some of the writes are given up and go on where they were. False: the whole is given up.
asio::awaitable<bool> FlowsWorkload::writeBytes(flows::StreamWriter& writer, std::uint64_t seed,
                                                std::uint64_t size) {
    const bool isImpatient = oneIn(3);
    while (writer.bytesWritten() < size) {
        const std::uint64_t from = writer.bytesWritten();
        const std::string piece =
            bytesOf(seed, from, std::min<std::uint64_t>(size - from, 1 + below(20'000)));
        if (isImpatient)
            co_await (writer.write(std::string_view(piece)) || network_.sleep(1ms + millis(20)));
        else
            co_await writer.write(std::string_view(piece));
        if (oneIn(60)) co_return false;
    }
    co_return true;
}

asio::awaitable<void> FlowsWorkload::takeStream(flows::Peer peer, MessagePtr first) {
    const MessageId id = first->header.messageId;
    const std::uint64_t seed = std::stoull(std::string(*first->textHeaders.find("Stream")));
    std::uint64_t size = 0;
    if (speaks_) say("reads the stream", *first);
    try {
        if (oneIn(3)) co_await peer.sleep(millis(500));
        flows::StreamReader reader(peer, std::move(first));
        size = co_await readAndCompare(std::move(reader), seed);
    } catch (const Error& error) {
        if (speaks_) network_.note(fmt::format("the stream {} ends: {}", id, error.what()));
        if (!isExpected(error)) throw;
        co_return;
    }
    MessagePtr answer = peer.newMessage(OpCode::Response, std::to_string(size));
    answer->header.messageId = id;
    co_await peer.send(std::move(answer));
}

asio::awaitable<void> FlowsWorkload::sendStream(flows::Peer peer) {
    const Presence presence(coroutines_);
    try {
        const std::uint64_t seed = below(1'000'000);
        const flows::StreamOptions options = anyCut();
        flows::StreamWriter writer(peer, OpCode::Request, options);
        writer.textHeaders().append("Stream", std::to_string(seed));
        const std::uint64_t size = below(static_cast<std::uint32_t>(options.partBytes * 6 + 1));
        const bool isWhole = co_await writeBytes(writer, seed, size);
        if (!isWhole) co_return;
        const MessagePtr answer = co_await writer.answer(20s);
        if (answer != nullptr && answer->body.view() != std::to_string(size))
            fail("a stream of " + std::to_string(size) + " bytes arrived as " +
                 std::string(answer->body.view()));
        if (answer != nullptr) ++counts_.streams;
    } catch (const Error& error) {
        if (!isExpected(error)) throw;
    }
}

/// The answer to a Fetch.
asio::awaitable<void> FlowsWorkload::giveStream(flows::Peer peer, MessagePtr request) {
    const Presence presence(coroutines_);
    try {
        const auto [seed, size] = wantedBy(*request);
        flows::StreamWriter writer(peer, std::move(request), anyCut());
        const bool isWhole = co_await writeBytes(writer, seed, size);
        if (isWhole) co_await writer.finish();
    } catch (const Error& error) {
        if (!isExpected(error)) throw;
    }
}

asio::awaitable<void> FlowsWorkload::fetchStream(flows::Peer peer) {
    const Presence presence(coroutines_);
    try {
        const std::uint64_t seed = below(1'000'000);
        const std::uint64_t size = below(200'000);
        MessagePtr request = peer.newMessage();
        request->textHeaders.append("Fetch", fmt::format("{} {}", seed, size));
        flows::StreamReader reader = co_await flows::requestStream(peer, std::move(request), 8s);
        if (!reader) co_return;
        if (oneIn(3)) co_await peer.sleep(millis(500));
        const std::uint64_t got = co_await readAndCompare(std::move(reader), seed);
        if (got != size)
            fail(fmt::format("{} bytes of {} of an answer, and it said that it is whole", got, size));
        ++counts_.streams;
    } catch (const Error& error) {
        if (!isExpected(error)) throw;
    }
}

}  // namespace tempeh::test

// Bodies that are read straight into their messages: every size around the limits at which reading changes
// its way, cut anywhere, and followed by whatever was not expected. The test runs the engine's context
// itself, so that each piece of the stream is a read of its own.

#include "support/engine_fixture.hpp"
#include "support/raw_peer.hpp"

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <variant>
#include <vector>

namespace tempeh::test {
namespace {

using Pieces = std::vector<std::size_t>;

constexpr std::size_t headSize = BinaryHeader::wireSize;

/// No two of them are alike.
std::string bodyOf(std::size_t size, std::uint64_t id) {
    std::string body(size, ' ');
    std::minstd_rand random(static_cast<unsigned>(id + 1));
    std::generate(body.begin(), body.end(), [&random] { return static_cast<char>(random()); });
    return body;
}

/// A server of ours whose context the test runs, and a client of bytes.
class LargeBodies : public testing::TestWithParam<Transport> {
protected:
    explicit LargeBodies(const Options& options = Options()) : reactor_(context_, options) {
        MessagePtr welcome = reactor_.get();
        if (GetParam() == Transport::Tcp)
            format(localTcp(), *welcome);
        else
            format(UdsServerAddress{}, *welcome);
        group_.post(std::move(welcome));
        const Address bound = parseAddress(*next());
        if (const auto* tcp = std::get_if<TcpServerAddress>(&bound))
            peer_ = raw::Peer::connectTo(tcp->port);
        else
            peer_ = raw::Peer::connectTo(std::get<UdsServerAddress>(bound).path);
        send(raw::helloRequest().bytes());
        MessagePtr hello = next();
        channel_ = hello->header.channelNumber;
        hello->header.opCode = OpCode::HelloResponse;
        hello->textHeaders.clear();
        group_.post(std::move(hello));
        work();
        peer_.receive(headSize);
    }
    ~LargeBodies() override {
        // What is in the context goes with it, before the reactor's members do.
        group_ = ChannelGroup();
        work();
    }

    /// Everything the engine can do now.
    void work() {
        context_.restart();
        while (context_.poll() != 0) {
        }
    }
    MessagePtr next() {
        const TimePoint end = std::chrono::steady_clock::now() + patience;
        while (std::chrono::steady_clock::now() < end) {
            if (MessagePtr message = group_.tryReceive()) return message;
            context_.restart();
            context_.run_one_for(1s);
        }
        throw std::runtime_error("no message came");
    }
    void send(const Bytes& bytes) {
        peer_.send(bytes);
        work();
    }
    /// Cut behind so many bytes each; the rest comes last.
    void send(const Bytes& bytes, const Pieces& pieces) {
        std::span<const std::byte> rest(bytes);
        for (const std::size_t piece : pieces) {
            const std::size_t size = std::min(piece, rest.size());
            peer_.send(rest.first(size));
            work();
            rest = rest.subspan(size);
        }
        peer_.send(rest);
        work();
    }

    static raw::Frame frame(std::size_t size, std::uint64_t id) {
        return {.proto = 2, .id = id, .body = bodyOf(size, id)};
    }
    void expectNext(std::size_t size, std::uint64_t id) {
        const MessagePtr message = next();
        ASSERT_EQ(message->header.opCode, OpCode::Signal) << dump(*message);
        ASSERT_EQ(message->header.messageId, id);
        ASSERT_EQ(message->header.channelNumber, channel_);
        ASSERT_TRUE(message->isFromApplication());
        ASSERT_EQ(message->body.size(), size);
        ASSERT_EQ(message->header.bodyLength, size);
        ASSERT_TRUE(message->body.view() == bodyOf(size, id)) << "message " << id << " of " << size;
    }
    /// Frames of this size, so that the next one is expected to be of it too.
    void raiseExpectations(std::size_t size) {
        for (int i = 0; i < 3; ++i) {
            send(frame(size, ++id_).bytes());
            ASSERT_NO_FATAL_FAILURE(expectNext(size, id_));
        }
    }
    /// Also what a channel had for the frame that it never got whole.
    void expectEverythingIsBack() {
        group_ = ChannelGroup();
        work();
        EXPECT_EQ(reactor_.stats().pool.outstanding, 0U);
    }
    void expectClosed(std::string_view reason) {
        const MessagePtr notice = next();
        ASSERT_TRUE(isClosedNotice(*notice)) << dump(*notice);
        EXPECT_NE(reasonOf(*notice).find(reason), std::string::npos) << reasonOf(*notice);
    }

    asio::io_context context_;
    Reactor reactor_;
    ChannelGroup group_ = reactor_.createGroup();
    raw::Peer peer_{raw::Descriptor()};
    ChannelNumber channel_ = 0;
    std::uint64_t id_ = 0;
};

const auto transportName = [](const auto& one) {
    return std::string(one.param == Transport::Tcp ? "Tcp" : "Unix");
};
#define TEMPEH_ON_BOTH(suite) \
    INSTANTIATE_TEST_SUITE_P(On, suite, testing::Values(Transport::Tcp, Transport::Uds), transportName)

TEMPEH_ON_BOTH(LargeBodies);

std::vector<std::size_t> sizesAroundLimits() {
    std::vector<std::size_t> sizes{0, 1, 65'534, 65'535};
    for (const std::size_t limit : {96U, 512U, 4096U, 8192U, 16'384U})
        for (const std::size_t size :
             {limit - headSize - 1, limit - headSize, limit - headSize + 1, limit - 1, limit, limit + 1})
            sizes.push_back(size);
    return sizes;
}

TEST_P(LargeBodies, OfEverySizeArriveWhole) {
    for (const std::size_t size : sizesAroundLimits())
        for (int i = 0; i < 3; ++i) {
            send(frame(size, ++id_).bytes());
            ASSERT_NO_FATAL_FAILURE(expectNext(size, id_));
        }
}

TEST_P(LargeBodies, OfMixedSizesArriveWholeAndInOrder) {
    std::vector<std::size_t> sizes = sizesAroundLimits();
    std::shuffle(sizes.begin(), sizes.end(), std::minstd_rand(5));
    Bytes stream;
    for (std::size_t i = 0; i < sizes.size(); ++i)
        appendTo(stream, frame(sizes[i], i + 1).bytes());
    for (const std::size_t piece : {std::size_t{997}, std::size_t{5'000}, std::size_t{65'536}}) {
        send(stream, Pieces(stream.size() / piece, piece));
        for (std::size_t i = 0; i < sizes.size(); ++i)
            ASSERT_NO_FATAL_FAILURE(expectNext(sizes[i], i + 1)) << piece;
    }
}

TEST_P(LargeBodies, CutInTwoAnywhere) {
    for (const std::size_t size : {4096U, 8191U, 8192U, 16'384U, 65'535U}) {
        for (const std::size_t cut : {std::size_t{1}, headSize - 1, headSize, headSize + 1, headSize + 100,
                                      headSize + size / 2, size, headSize + size - 1}) {
            ASSERT_NO_FATAL_FAILURE(raiseExpectations(size));
            send(frame(size, ++id_).bytes(), {cut});
            ASSERT_NO_FATAL_FAILURE(expectNext(size, id_)) << size << " cut at " << cut;
        }
    }
}

TEST_P(LargeBodies, CutSoThatAFrameEndsInTheMiddleOfARead) {
    for (const std::size_t size : {8192U, 20'000U, 65'535U}) {
        for (const std::size_t more : {std::size_t{1}, headSize, headSize + 1, headSize + size / 2}) {
            ASSERT_NO_FATAL_FAILURE(raiseExpectations(size));
            Bytes stream;
            for (std::uint64_t i = 1; i <= 3; ++i)
                appendTo(stream, frame(size, id_ + i).bytes());
            // The first and a part of the second; up to a part of the third; the rest.
            send(stream, {headSize + size + more, headSize + size});
            for (int i = 0; i < 3; ++i)
                ASSERT_NO_FATAL_FAILURE(expectNext(size, ++id_)) << size << " and " << more;
        }
    }
}

TEST_P(LargeBodies, CutAtRandom) {
    for (unsigned seed = 1; seed != 9; ++seed) {
        std::minstd_rand random(seed);
        Bytes stream;
        std::vector<std::size_t> sizes;
        for (std::size_t size = 20'000; sizes.size() < 60; sizes.push_back(size)) {
            if (random() % 3 == 0) size = random() % 2 == 0 ? random() % 600 : random() % 65'536;
            appendTo(stream, frame(size, sizes.size() + 1).bytes());
        }
        Pieces pieces;
        for (std::size_t i = 0; i < 150; ++i)
            pieces.push_back(random() % 4 == 0 ? random() % 20 : random() % 30'000);
        send(stream, pieces);
        for (std::size_t i = 0; i < sizes.size(); ++i)
            ASSERT_NO_FATAL_FAILURE(expectNext(sizes[i], i + 1)) << "seed " << seed;
    }
}

// --- Another frame than the expected one ---

constexpr std::size_t usual = 20'000;  // bytes of body

TEST_P(LargeBodies, AnotherSizeThanExpected) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{10}, usual - 1, usual + 1, usual + headSize,
                                   2 * usual, std::size_t{65'535}}) {
        ASSERT_NO_FATAL_FAILURE(raiseExpectations(usual));
        send(frame(size, ++id_).bytes());
        ASSERT_NO_FATAL_FAILURE(expectNext(size, id_));
        ASSERT_NO_FATAL_FAILURE(raiseExpectations(usual));
        send(frame(size, ++id_).bytes(), {headSize + 5});
        ASSERT_NO_FATAL_FAILURE(expectNext(size, id_));
    }
}

TEST_P(LargeBodies, SmallFramesInsteadOfTheExpectedOne) {
    // Fewer than fit into the expected body, as many, more.
    for (const int count : {1, 10, 400, 1'500}) {
        ASSERT_NO_FATAL_FAILURE(raiseExpectations(usual));
        Bytes stream;
        const std::uint64_t first = id_ + 1;
        for (int i = 0; i < count; ++i)
            appendTo(stream, frame(30, ++id_).bytes());
        send(stream);
        for (std::uint64_t id = first; id <= id_; ++id)
            ASSERT_NO_FATAL_FAILURE(expectNext(30, id)) << count;
    }
}

TEST_P(LargeBodies, AFrameWithTextHeadersInsteadOfTheExpectedOne) {
    for (const Pieces& pieces : {Pieces{}, Pieces{headSize}, Pieces{headSize + 3}, Pieces{headSize + 500}}) {
        ASSERT_NO_FATAL_FAILURE(raiseExpectations(usual));
        raw::Frame odd = frame(usual, ++id_);
        odd.headers = "name: value\r\nother: one\r\n";
        Bytes stream = odd.bytes();
        appendTo(stream, frame(usual, ++id_).bytes());
        send(stream, pieces);
        MessagePtr message = next();
        EXPECT_EQ(valueOf(*message, "name"), "value");
        EXPECT_EQ(valueOf(*message, "other"), "one");
        EXPECT_TRUE(message->body.view() == bodyOf(usual, id_ - 1));
        ASSERT_NO_FATAL_FAILURE(expectNext(usual, id_));
    }
}

TEST_P(LargeBodies, ABodyOfTheExpectedSizeOnARequestWithAStatusOfThePeers) {
    ASSERT_NO_FATAL_FAILURE(raiseExpectations(usual));
    raw::Frame odd = frame(usual, ++id_);
    odd.proto = 0 | raw::originBit | raw::moreBit;
    odd.status = 200;
    send(odd.bytes());
    const MessagePtr message = next();
    EXPECT_EQ(message->header.opCode, OpCode::Request);
    EXPECT_TRUE(message->isFromApplication()) << "whatever the peer claims";
    EXPECT_TRUE(message->hasMore());
    EXPECT_EQ(message->header.status, 200);
    EXPECT_TRUE(message->body.view() == odd.body);
}

TEST_P(LargeBodies, AByeInsteadOfTheExpectedOne) {
    ASSERT_NO_FATAL_FAILURE(raiseExpectations(usual));
    send(raw::Frame{.proto = 5, .id = 99}.bytes());
    MessagePtr bye = next();
    ASSERT_EQ(bye->header.opCode, OpCode::ByeRequest);
    bye.reset();
    work();
    EXPECT_EQ(toHex(peer_.receive(headSize)),
              toHex(raw::Frame{.proto = 6, .id = 99, .channel = channel_}.bytes()));
    expectClosed("");
}

TEST_P(LargeBodies, AByeWithABodyOfTheExpectedSize) {
    ASSERT_NO_FATAL_FAILURE(raiseExpectations(usual));
    raw::Frame frameOfBye = frame(usual, 99);
    frameOfBye.proto = 5;
    send(frameOfBye.bytes());
    MessagePtr bye = next();
    ASSERT_EQ(bye->header.opCode, OpCode::ByeRequest);
    EXPECT_TRUE(bye->body.view() == frameOfBye.body);
    bye.reset();
    work();
    EXPECT_EQ(peer_.receive(headSize).size(), headSize) << "the answer";
    expectClosed("");
}

TEST_P(LargeBodies, GarbageInsteadOfTheExpectedOneIsAViolation) {
    ASSERT_NO_FATAL_FAILURE(raiseExpectations(usual));
    raw::Frame good = frame(usual, ++id_);
    Bytes stream = good.bytes();
    raw::Frame bad = frame(usual, ++id_);
    bad.proto = 9;
    appendTo(stream, bad.bytes());
    send(stream);
    ASSERT_NO_FATAL_FAILURE(expectNext(usual, id_ - 1));
    expectClosed("InvalidOpCode");
    EXPECT_EQ(reactor_.stats().violations, 1U);
    EXPECT_NE(peer_.waitForEnd(), raw::End::NotYet);
}

TEST_P(LargeBodies, GarbageOfTheExpectedSizeIsAViolation) {
    ASSERT_NO_FATAL_FAILURE(raiseExpectations(usual));
    raw::Frame bad = frame(usual, ++id_);
    bad.proto = 9;
    send(bad.bytes());
    expectClosed("InvalidOpCode");
    EXPECT_EQ(reactor_.stats().violations, 1U);
}

TEST_P(LargeBodies, NoIdIsAViolationWithTheExpectedSizeToo) {
    ASSERT_NO_FATAL_FAILURE(raiseExpectations(usual));
    send(raw::Frame{.proto = 2, .id = 0, .body = std::string(usual, 'b')}.bytes());
    expectClosed("InvalidMessageId");
    EXPECT_EQ(reactor_.stats().violations, 1U);
}

TEST_P(LargeBodies, TheStreamEndsInTheMiddleOfTheExpectedOne) {
    ASSERT_NO_FATAL_FAILURE(raiseExpectations(usual));
    Bytes part = frame(usual, ++id_).bytes();
    part.resize(usual / 2);
    send(part);
    peer_.close();
    expectClosed("in the middle of a frame");
    expectEverythingIsBack();
}

TEST_P(LargeBodies, TheStreamEndsInTheHeaderOfTheExpectedOne) {
    ASSERT_NO_FATAL_FAILURE(raiseExpectations(usual));
    Bytes part = frame(usual, ++id_).bytes();
    part.resize(headSize - 3);
    send(part);
    peer_.close();
    expectClosed("in the middle of a frame");
    expectEverythingIsBack();
}

TEST_P(LargeBodies, TheStreamEndsInsteadOfTheExpectedOne) {
    ASSERT_NO_FATAL_FAILURE(raiseExpectations(usual));
    peer_.close();
    MessagePtr notice = next();
    ASSERT_TRUE(isClosedNotice(*notice));
    EXPECT_EQ(reasonOf(*notice).find("middle"), std::string::npos) << reasonOf(*notice);
    notice.reset();
    expectEverythingIsBack();
}

// --- A pool that is empty all the time ---

class LargeBodiesAndASmallPool : public LargeBodies {
protected:
    LargeBodiesAndASmallPool() : LargeBodies(Options{.initialPoolMessages = 3, .maxPoolMessages = 3}) {}
};

TEMPEH_ON_BOTH(LargeBodiesAndASmallPool);

TEST_P(LargeBodiesAndASmallPool, NothingIsLostAndNothingOutOfOrder) {
    for (unsigned seed = 1; seed != 5; ++seed) {
        std::minstd_rand random(seed);
        Bytes stream;
        std::vector<std::size_t> sizes;
        for (std::size_t size = usual; sizes.size() < 40; sizes.push_back(size)) {
            if (random() % 4 == 0) size = random() % 2 == 0 ? random() % 600 : random() % 65'536;
            appendTo(stream, frame(size, sizes.size() + 1).bytes());
        }
        std::span<const std::byte> rest(stream);
        std::vector<MessagePtr> hoard;
        for (std::size_t received = 0; received < sizes.size();) {
            rest = rest.subspan(
                peer_.sendSome(rest.first(std::min<std::size_t>(random() % 40'000, rest.size()))));
            work();
            MessagePtr message = group_.tryReceive();
            if (message == nullptr) {
                hoard.clear();
                work();
            } else if (statusOf(*message) != Status::PoolEmpty) {
                ASSERT_EQ(message->header.messageId, received + 1) << "seed " << seed;
                ASSERT_TRUE(message->body.view() == bodyOf(sizes[received], received + 1)) << "seed " << seed;
                ++received;
                hoard.push_back(std::move(message));
            }
        }
    }
    EXPECT_GT(group_.channelInfo(channel_).stats.poolPauses, 0U);
}

}  // namespace
}  // namespace tempeh::test

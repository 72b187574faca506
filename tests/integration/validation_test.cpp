// docs/concepts/errors.md and channel_group.md: what a post promises, and what it refuses.

#include "support/engine_fixture.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <functional>
#include <set>
#include <thread>

namespace tempeh::test {
namespace {

TEST(Post, ReturnsChannelNumberAndMessageIdBeforeAnyInputOrOutput) {
    asio::io_context context;  // nobody runs it: nothing can have happened on a socket
    Reactor reactor(context);
    Party party(reactor);
    const BinaryHeader hello = party.sayHello(TcpClientAddress{"127.0.0.1", 1});
    EXPECT_NE(hello.channelNumber, 0);
    EXPECT_NE(hello.messageId, 0U);
    EXPECT_EQ(hello.opCode, OpCode::HelloRequest);

    const BinaryHeader request = party.post(OpCode::Request, hello.channelNumber, "x");
    EXPECT_EQ(request.channelNumber, hello.channelNumber);
    EXPECT_NE(request.messageId, 0U);
    EXPECT_NE(request.messageId, hello.messageId);
    EXPECT_EQ(party.channels.channelInfo(hello.channelNumber).state, ChannelPhase::Opening);
}

TEST(Post, KeepsAnIdThatTheApplicationGave) {
    Link link;
    EXPECT_EQ(link.client->post(OpCode::Request, link.atClient, {}, 77).messageId, 77U);
    EXPECT_EQ(link.server->next(OpCode::Request)->header.messageId, 77U);
}

TEST(Post, GivesMessageIdZeroAProcessUniqueSequentialId) {
    Link first;
    Link second;
    std::vector<MessageId> ids;
    for (int i = 0; i < 100; ++i) {
        ids.push_back(first.client->post(OpCode::Signal, first.atClient).messageId);
        ids.push_back(second.client->post(OpCode::Signal, second.atClient).messageId);
        ids.push_back(second.server->post(OpCode::Signal, second.atServer).messageId);
    }
    for (std::size_t i = 1; i < ids.size(); ++i)
        EXPECT_GT(ids[i], ids[i - 1]) << "from one thread, ids rise";
    EXPECT_EQ(first.server->next(OpCode::Signal)->header.messageId, ids[0]);
}

TEST(Post, GivesUniqueIdsToManyThreads) {
    Link link;
    constexpr int threadCount = 4;
    constexpr int perThread = 2000;
    std::vector<std::vector<MessageId>> ids(threadCount);
    std::vector<std::thread> threads;
    for (std::vector<MessageId>& mine : ids) {
        threads.emplace_back([&link, &mine] {
            for (int i = 0; i < perThread; ++i) {
                MessagePtr message = link.client->make(OpCode::Signal, link.atClient);
                error_code ec;
                BinaryHeader header = link.client->channels.post(std::move(message), ec);
                while (ec == error_code(Status::SendQueueFull)) {
                    link.client->channels.waitWritable(link.atClient, patience);
                    header = link.client->channels.post(std::move(message), ec);
                }
                mine.push_back(header.messageId);
            }
        });
    }
    for (int i = 0; i < threadCount * perThread; ++i)
        link.server->next(OpCode::Signal);
    for (std::thread& thread : threads)
        thread.join();
    std::set<MessageId> all;
    for (const std::vector<MessageId>& mine : ids)
        all.insert(mine.begin(), mine.end());
    EXPECT_EQ(all.size(), std::size_t{threadCount} * perThread);
    EXPECT_EQ(all.count(0), 0U);
}

TEST(Post, MayComeFromAnyThread) {
    Link link;
    std::thread([&link] { link.client->post(OpCode::Signal, link.atClient, "thread"); }).join();
    EXPECT_EQ(link.server->next(OpCode::Signal)->body.view(), "thread");
    asio::post(link.client.reactor.executor(),
               [&link] { link.client->post(OpCode::Signal, link.atClient, "reactor"); });
    EXPECT_EQ(link.server->next(OpCode::Signal)->body.view(), "reactor");
}

TEST(Post, TakesTheMessageOverOnSuccess) {
    Link link;
    MessagePtr message = link.client->make(OpCode::Signal, link.atClient);
    link.client->group.post(std::move(message));
    EXPECT_EQ(message, nullptr);
    link.server->next(OpCode::Signal);
}

/// A channel of a link, and what a message must be to be refused on it.
struct Refusal {
    std::string name;
    Status status;
    std::function<MessagePtr(Link&)> make;
};

void PrintTo(const Refusal& refusal, std::ostream* out) {
    *out << refusal.name;
}

class Validation : public testing::TestWithParam<Refusal> {};

TEST_P(Validation, RefusesLeavesOwnershipAndSendsNothing) {
    Link link;
    const Refusal& refusal = GetParam();
    MessagePtr message = refusal.make(link);
    const Message* const address = message.get();
    EXPECT_EQ(link.client->tryPost(message), refusal.status);
    EXPECT_EQ(message.get(), address);
    try {
        link.client->group.post(std::move(message));
        ADD_FAILURE() << "the throwing form did not throw";
    } catch (const Error& error) {
        EXPECT_EQ(error.status(), refusal.status);
        EXPECT_NE(std::string(error.what()).find(nameOf(refusal.status)), std::string::npos) << error.what();
    }
    EXPECT_EQ(message.get(), address);
    // The peer sees only what is posted afterwards, and the group gets nothing back.
    link.client->post(OpCode::Signal, link.atClient, "after");
    EXPECT_EQ(link.server->next()->body.view(), "after");
    link.client->expectNothingMore();
    EXPECT_EQ(link.client->group.stats().channels, 1U);
    EXPECT_EQ(link.client->group.stats().returned.total(), 0U);
}

/// What postAll() leaves of "good, refused, good, good" when it runs on the reactor or not; sends one.
void expectStopsAtTheSecond(Link& link, const Refusal& refusal, bool isOnReactor) {
    MessageQueue messages;
    for (const int i : {0, 1, 2, 3})
        messages.pushBack(i == 1 ? refusal.make(link)
                                 : link.client->make(OpCode::Signal, link.atClient, std::to_string(i)));
    error_code ec;
    std::size_t posted = 0;
    const auto postAll = [&] { posted = link.client->group.postAll(messages, ec); };
    if (isOnReactor)
        asio::post(link.client.reactor.executor(), asio::use_future(postAll)).get();
    else
        postAll();
    EXPECT_EQ(posted, 1U);
    EXPECT_EQ(ec, refusal.status);
    ASSERT_EQ(messages.size(), 3U);
    messages.popFront();
    EXPECT_EQ(messages.popFront()->body.view(), "2");
    EXPECT_EQ(messages.popFront()->body.view(), "3");
}

TEST_P(Validation, StopsPostAllThere) {
    if (GetParam().status == Status::NullMessage) return;  // a queue cannot hold it
    Link link;
    for (const bool isOnReactor : {false, true}) {
        SCOPED_TRACE(isOnReactor);
        expectStopsAtTheSecond(link, GetParam(), isOnReactor);
        link.client->post(OpCode::Signal, link.atClient, "after");
        EXPECT_EQ(link.server->next()->body.view(), "0");
        EXPECT_EQ(link.server->next()->body.view(), "after");
    }
    link.client->expectNothingMore();
    EXPECT_EQ(link.client->group.stats().returned.total(), 0U);
}

/// The opcode on the link's channel, changed further.
std::function<MessagePtr(Link&)> on(OpCode opCode, std::function<void(Message&)> change = {}) {
    return [opCode, change](Link& link) {
        MessagePtr message = link.client->make(opCode, link.atClient, {}, 5);
        if (change) change(*message);
        return message;
    };
}

/// A message that opens a channel, with that address header.
std::function<MessagePtr(Link&)> opening(OpCode opCode, std::string header, std::string value) {
    return [opCode, header, value](Link& link) {
        MessagePtr message = link.client->make(opCode);
        if (!header.empty()) message->textHeaders.append(header, value);
        return message;
    };
}

ChannelNumber unusedNumber(Link& link) {
    const ChannelNumber used = link.atClient;
    return static_cast<ChannelNumber>(used == 1 ? 2 : used - 1);
}

const auto withoutId = [](Message& message) { message.header.messageId = 0; };
const auto withMore = [](Message& message) { message.header.more = true; };

std::vector<Refusal> messageRefusals() {
    using enum OpCode;
    return {
        {"NullMessage", Status::NullMessage, [](Link&) { return MessagePtr(); }},
        {"UnknownOpCode", Status::InvalidOpCode, on(static_cast<OpCode>(10))},
        {"HighestUnknownOpCode", Status::InvalidOpCode, on(static_cast<OpCode>(15))},
        {"OpCodeBeyondFourBits", Status::InvalidOpCode, on(static_cast<OpCode>(16))},
        {"WelcomeResponseIsTheEngines", Status::InvalidOpCode, on(WelcomeResponse)},
        {"ResponseWithoutId", Status::InvalidMessageId, on(Response, withoutId)},
        {"HelloResponseWithoutId", Status::InvalidMessageId, on(HelloResponse, withoutId)},
        {"ByeResponseWithoutId", Status::InvalidMessageId, on(ByeResponse, withoutId)},
        {"MoreOnHelloResponse", Status::InvalidMoreUsage, on(HelloResponse, withMore)},
        {"MoreOnByeRequest", Status::InvalidMoreUsage, on(ByeRequest, withMore)},
        {"MoreOnByeResponse", Status::InvalidMoreUsage, on(ByeResponse, withMore)},
        {"MoreOnByeSignal", Status::InvalidMoreUsage, on(ByeSignal, withMore)},
        {"MoreOnHelloRequest", Status::InvalidMoreUsage,
         [](Link& link) {
             MessagePtr message = link.client->makeFor(TcpClientAddress{});
             message->header.more = true;
             return message;
         }},
        {"MoreOnWelcomeRequest", Status::InvalidMoreUsage,
         [](Link& link) {
             MessagePtr message = link.client->makeFor(localTcp());
             message->header.more = true;
             return message;
         }},
        {"HeadersTooLong", Status::InvalidHeadersLen,
         on(Request, [](Message& message) { message.textHeaders.append("n", std::string(65'533, 'v')); })},
        {"BodyTooLong", Status::InvalidBodyLen,
         on(Request, [](Message& message) { message.body.append(std::string(65'536, 'b')); })},
    };
}

std::vector<Refusal> channelRefusals() {
    std::vector<Refusal> refusals;
    for (const OpCode opCode : {OpCode::Request, OpCode::Response, OpCode::Signal, OpCode::HelloResponse,
                                OpCode::ByeRequest, OpCode::ByeResponse, OpCode::ByeSignal})
        refusals.push_back({"ChannelZeroOn" + std::string(nameOf(opCode)), Status::InvalidChannelNumber,
                            [opCode](Link& link) { return link.client->make(opCode, 0, {}, 5); }});
    refusals.push_back({"UnknownChannel", Status::InvalidChannelNumber,
                        [](Link& link) { return link.client->make(OpCode::Request, unusedNumber(link)); }});
    refusals.push_back({"NumberNeverUsed", Status::InvalidChannelNumber,
                        [](Link& link) { return link.client->make(OpCode::Request, 65'535); }});
    refusals.push_back({"HelloRequestOnAChannel", Status::InvalidChannelNumber, [](Link& link) {
                            MessagePtr message = link.client->makeFor(TcpClientAddress{});
                            message->header.channelNumber = link.atClient;
                            return message;
                        }});
    refusals.push_back({"WelcomeRequestOnAChannel", Status::InvalidChannelNumber, [](Link& link) {
                            MessagePtr message = link.client->makeFor(localTcp());
                            message->header.channelNumber = link.atClient;
                            return message;
                        }});
    return refusals;
}

std::vector<Refusal> addressRefusals() {
    constexpr auto hello = OpCode::HelloRequest;
    constexpr auto welcome = OpCode::WelcomeRequest;
    const std::string longPath(108, 'p');
    return {
        {"HelloWithoutAddress", Status::WrongAddress, opening(hello, {}, {})},
        {"WelcomeWithoutAddress", Status::WrongAddress, opening(welcome, {}, {})},
        {"HelloWithAServersAddress", Status::WrongAddress, opening(hello, "~listen_on", "tcp||1")},
        {"WelcomeWithAClientsAddress", Status::WrongAddress, opening(welcome, "~connect_to", "tcp|a|1")},
        {"HelloUnknownTransport", Status::InvalidAddress, opening(hello, "~connect_to", "udp|h|1")},
        {"HelloPortZero", Status::InvalidAddress, opening(hello, "~connect_to", "tcp|127.0.0.1|0")},
        {"HelloPortTooHigh", Status::InvalidAddress, opening(hello, "~connect_to", "tcp|127.0.0.1|65536")},
        {"HelloPortNoNumber", Status::InvalidAddress, opening(hello, "~connect_to", "tcp|127.0.0.1|x")},
        {"HelloEmptyValue", Status::InvalidAddress, opening(hello, "~connect_to", "")},
        {"HelloEmptyPath", Status::InvalidAddress, opening(hello, "~connect_to", "uds|")},
        {"HelloLongPath", Status::InvalidAddress, opening(hello, "~connect_to", "uds|" + longPath)},
        {"WelcomeLongPath", Status::InvalidAddress, opening(welcome, "~listen_on", "uds|" + longPath)},
        {"WelcomePortTooHigh", Status::InvalidAddress, opening(welcome, "~listen_on", "tcp||70000")},
    };
}

const auto refusalName = [](const auto& param) { return param.param.name; };
INSTANTIATE_TEST_SUITE_P(Message, Validation, testing::ValuesIn(messageRefusals()), refusalName);
INSTANTIATE_TEST_SUITE_P(Channel, Validation, testing::ValuesIn(channelRefusals()), refusalName);
INSTANTIATE_TEST_SUITE_P(Address, Validation, testing::ValuesIn(addressRefusals()), refusalName);

TEST(ValidationOfGroups, RefusesAnotherGroupsChannel) {
    Link link;
    Party stranger(link.client.reactor);
    EXPECT_EQ(stranger.tryPost(stranger.make(OpCode::Request, link.atClient)), Status::InvalidChannelGroup);
    error_code ec;
    stranger.channels.channelInfo(link.atClient, ec);
    EXPECT_EQ(ec, Status::InvalidChannelGroup);
    EXPECT_FALSE(stranger.channels.waitWritable(link.atClient, patience, ec));
    EXPECT_EQ(ec, Status::InvalidChannelGroup);
    link.client->post(OpCode::Signal, link.atClient, "mine");
    EXPECT_EQ(link.server->next()->body.view(), "mine");
}

TEST(ValidationOfGroups, AnEmptyHandleRefusesEverything) {
    Reactor reactor;
    ChannelGroup empty;
    EXPECT_FALSE(empty);
    error_code ec;
    MessagePtr message = reactor.get();
    empty.post(std::move(message), ec);
    EXPECT_EQ(ec, Status::InvalidChannelGroup);
    EXPECT_NE(message, nullptr);
    EXPECT_EQ(empty.tryReceive(ec), nullptr);
    EXPECT_EQ(ec, Status::InvalidChannelGroup);
}

TEST(ValidationOfLengths, TakesTheLongestHeadersAndBody) {
    Link link;
    MessagePtr message = link.client->make(OpCode::Request, link.atClient, std::string(65'535, 'b'));
    message->textHeaders.append("n", std::string(65'531, 'v'));  // with ": \r\n" framing, 65,535
    ASSERT_EQ(message->textHeaders.sizeBytes(), 65'535U);
    link.client->post(std::move(message));
    const MessagePtr received = link.server->next(OpCode::Request);
    EXPECT_EQ(received->body.view(), std::string(65'535, 'b'));
    EXPECT_EQ(valueOf(*received, "n"), std::string(65'531, 'v'));
}

TEST(ValidationOfMore, IsAllowedOnRequestResponseAndSignal) {
    Link link;
    for (const OpCode opCode : {OpCode::Request, OpCode::Response, OpCode::Signal}) {
        MessagePtr message = link.client->make(opCode, link.atClient, {}, 9);
        message->header.more = true;
        link.client->post(std::move(message));
        EXPECT_TRUE(link.server->next(opCode)->hasMore());
    }
}

}  // namespace
}  // namespace tempeh::test

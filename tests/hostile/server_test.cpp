// The same the other way round: servers that are a nuisance to the engine that connects to them.

#include "hostile/scene.hpp"
#include "support/hostile_inputs.hpp"

#include <gmock/gmock.h>

#include <functional>

namespace tempeh::test::hostile {
namespace {

/// A listening socket in system calls.
class RawListener {
public:
    explicit RawListener(Transport transport) {
        if (transport == Transport::Tcp) {
            socket_ = raw::makeTcpSocket();
            sockaddr_in name = raw::loopbackAddress(0);
            socklen_t size = sizeof name;
            listenAt(reinterpret_cast<const sockaddr*>(&name), size);
            ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&name), &size);
            address = TcpClientAddress{"127.0.0.1", ntohs(name.sin_port)};
        } else {
            socket_ = raw::Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
            path_ = temporaryUdsPath();
            sockaddr_un name{};
            name.sun_family = AF_UNIX;
            path_.copy(name.sun_path, sizeof name.sun_path - 1);
            listenAt(reinterpret_cast<const sockaddr*>(&name), sizeof name);
            address = UdsClientAddress{path_};
        }
    }
    ~RawListener() {
        if (!path_.empty()) ::unlink(path_.c_str());
    }

    raw::Peer accept() {
        if (!socket_.waitFor(POLLIN)) throw std::runtime_error("raw: nobody connected");
        return raw::Peer(raw::Descriptor(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)));
    }

    Address address;

private:
    void listenAt(const sockaddr* name, socklen_t size) {
        const int bytes = 16 * 1024;
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
        if (::bind(socket_.get(), name, size) != 0 || ::listen(socket_.get(), 16) != 0)
            throw std::runtime_error("raw: listen failed");
    }

    raw::Descriptor socket_;
    std::string path_;
};

struct ServerCase {
    std::string name;
    Status hello;        ///< On the HelloRequest that comes back; Success: it was answered.
    std::string reason;  ///< Part of the ChannelClosed's.
    std::function<void(raw::Peer&)> act;
    Options options = Options{.frameTimeout = patience};
};

std::ostream& operator<<(std::ostream& out, const ServerCase& one) {
    return out << one.name;
}

std::function<void(raw::Peer&)> send(Bytes bytes) {
    return [bytes = std::move(bytes)](raw::Peer& peer) { peer.trySend(bytes); };
}

std::function<void(raw::Peer&)> sendFrame(const raw::Frame& frame) {
    return send(frame.bytes());
}

std::vector<ServerCase> allServerCases() {
    const Options hastyFrame{.frameTimeout = 200ms};
    const raw::Frame answer{.proto = 4, .id = 1, .body = std::string(1000, 'x')};
    const Bytes answerBytes = answer.bytes();
    const Bytes half(answerBytes.begin(), answerBytes.begin() + 500);
    const raw::Frame tofuBye{.proto = 7, .id = 1, .headers = "~connect_to:tcp|127.0.0.1|1\r\n"};
    std::vector<ServerCase> cases{
        {"ResetsAtOnce", Status::PeerDisconnected, "PeerDisconnected: the peer closed the connection",
         [](raw::Peer& peer) { peer.reset(); }},
        {"ClosesAtOnce", Status::PeerDisconnected, "PeerDisconnected: the peer closed the connection",
         [](raw::Peer& peer) { peer.close(); }},
        {"HalfOpen", Status::PeerDisconnected, "PeerDisconnected: the peer closed the connection",
         [](raw::Peer& peer) { peer.shutdownSend(); }},
        {"HalfAnAnswer", Status::PeerDisconnected, "in the middle of a frame",
         [half](raw::Peer& peer) {
             peer.send(half);
             peer.shutdownSend();
         }},
        {"StopsInItsAnswer", Status::CommunicationFailed, "within frameTimeout (500 bytes of it received)",
         send(half), hastyFrame},
        {"AnswersInHttp", Status::CommunicationFailed, "within frameTimeout",
         send(toBytes("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")), hastyFrame},
        {"SaysHelloItself", Status::InvalidOpCode, "InvalidOpCode: the peer broke the protocol (opcode 3",
         sendFrame(raw::helloRequest())},
        {"AnswersAByeThatWasNot", Status::InvalidOpCode, "the peer broke the protocol (opcode 6",
         sendFrame({.proto = 6})},
        {"RefusesAsTofuDoes", Status::NotAllowed,
         "NotAllowed: the peer refused the hello (it sent a ByeSignal)", sendFrame(tofuBye)},
        {"AnswersThenClosesAsTofuDoes", Status::Success,
         "PeerDisconnected: the peer closed the connection (it sent a ByeSignal)", sendFrame(tofuBye)},
        {"Ones", Status::InvalidOpCode, "the peer broke the protocol", send(Bytes(4096, std::byte{0xff}))},
        {"NamelessHeader", Status::InvalidMessage, "(malformed text headers)",
         sendFrame({.proto = 4, .headers = ":x\r\n"})},
        {"AnswersThenResets", Status::Success, "PeerDisconnected", [](raw::Peer& peer) { peer.reset(); }},
        {"AnswersThenBabbles", Status::Success, "InvalidOpCode", send(Bytes(4096, std::byte{0xff}))},
    };
    for (unsigned opCode = 8; opCode <= 15; ++opCode)
        cases.push_back({"OpCode" + std::to_string(opCode), Status::InvalidOpCode,
                         "InvalidOpCode: the peer broke the protocol (opcode " + std::to_string(opCode),
                         sendFrame({.proto = opCode})});
    return cases;
}

class HostileServer : public ::testing::TestWithParam<std::tuple<Transport, ServerCase>> {};

TEST_P(HostileServer, CostsItsOwnChannel) {
    const auto& [transport, one] = GetParam();
    const Server good({}, localTcp());
    Reactor reactor(one.options);
    HonestClient honest(good.address(), &reactor);
    Party client(reactor);
    RawListener listener(transport);
    const BinaryHeader hello = client.sayHello(listener.address);
    raw::Peer server = listener.accept();
    server.receive(16);
    if (one.hello == Status::Success) {
        server.send(raw::Frame{.proto = 4, .id = hello.messageId}.bytes());
        client.next(OpCode::HelloResponse);
    }
    one.act(server);
    const std::vector<MessagePtr> seen = client.collectUntilClosed(hello.channelNumber);
    if (one.hello != Status::Success) {
        ASSERT_EQ(seen.size(), 2U);
        EXPECT_EQ(seen[0]->header.opCode, OpCode::HelloResponse);
        EXPECT_EQ(statusOf(*seen[0]), one.hello);
        EXPECT_EQ(seen[0]->header.messageId, hello.messageId);
    }
    EXPECT_THAT(reasonOf(*seen.back()), ::testing::HasSubstr(one.reason));
    EXPECT_EQ(peerOf(*seen.back()), toString(listener.address));
    honest.expectService();
    client.expectNothingMore();
}

INSTANTIATE_TEST_SUITE_P(Tcp, HostileServer,
                         ::testing::Combine(::testing::Values(Transport::Tcp),
                                            ::testing::ValuesIn(allServerCases())),
                         [](const auto& tested) { return std::get<ServerCase>(tested.param).name; });
INSTANTIATE_TEST_SUITE_P(Unix, HostileServer,
                         ::testing::Combine(::testing::Values(Transport::Uds),
                                            ::testing::ValuesIn(allServerCases())),
                         [](const auto& tested) { return std::get<ServerCase>(tested.param).name; });

/// One that never answers is not found out by the engine, who must not know how long an answer may take; but
/// it costs its own channel only, and what the application says about it is done.
TEST(SilentServer, IsTheApplicationsToJudge) {
    const Server good({}, localTcp());
    Reactor reactor(Options{.byeTimeout = 200ms});
    HonestClient honest(good.address(), &reactor);
    Party client(reactor);
    RawListener listener(Transport::Tcp);
    const ChannelNumber channel = client.sayHello(listener.address).channelNumber;
    raw::Peer server = listener.accept();
    server.receive(16);
    honest.expectService();
    client.post(OpCode::ByeRequest, channel);
    const std::vector<MessagePtr> seen = client.collectUntilClosed(channel);
    EXPECT_THAT(reasonOf(*seen.back()),
                ::testing::StartsWith("CommunicationFailed: no ByeResponse within byeTimeout"));
    honest.expectService();
}

}  // namespace
}  // namespace tempeh::test::hostile

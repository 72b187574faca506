// A process that was stopped for longer than it gives its peers does not blame them for that.

#include "support/engine_fixture.hpp"
#include "support/raw_peer.hpp"

#include <csignal>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace tempeh::test::hostile {
namespace {

/// An engine in a process of its own: a server with one client, which says bye as soon as that is there.
class StoppedServer {
public:
    StoppedServer() {
        int ends[2] = {-1, -1};
        if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
        raw::Descriptor mine(ends[0]);
        raw::Descriptor its(ends[1]);
        id_ = ::fork();
        if (id_ == 0) {
            mine.close();
            ::_exit(run(its.get()));
        }
        its.close();
        if (::read(mine.get(), &port_, sizeof port_) != sizeof port_)
            throw std::runtime_error("the server did not start");
    }
    ~StoppedServer() {
        if (id_ <= 0) return;
        ::kill(id_, SIGKILL);
        ::waitpid(id_, nullptr, 0);
    }
    StoppedServer(const StoppedServer&) = delete;
    StoppedServer& operator=(const StoppedServer&) = delete;

    static constexpr auto byeTimeout = 1s;
    static constexpr int parts = 50;

    std::uint16_t port() const { return port_; }
    void stop() const {
        ::kill(id_, SIGSTOP);
        int status = 0;
        ::waitpid(id_, &status, WUNTRACED);
        EXPECT_TRUE(WIFSTOPPED(status));
    }
    void goOn() const { ::kill(id_, SIGCONT); }
    /// 0: everything was received and the bye was exchanged.
    int result() {
        int status = 0;
        ::waitpid(std::exchange(id_, -1), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

private:
    static int run(int told) {
        Options options;
        options.byeTimeout = byeTimeout;
        Side server(options);
        const Listening listening = server->listen(localTcp());
        const std::uint16_t port = std::get<TcpClientAddress>(listening.address).port;
        if (::write(told, &port, sizeof port) != sizeof port) return 2;
        const ChannelNumber channel = server->acceptHello();
        server->post(OpCode::ByeRequest, channel);
        int received = 0;
        for (;;) {
            const MessagePtr message = server->next();
            received += message->header.opCode == OpCode::Signal && !message->isFromEngine() ? 1 : 0;
            if (!isClosedNotice(*message)) continue;
            return received == parts && reasonOf(*message) == "ChannelClosed: bye exchanged" ? 0 : 3;
        }
    }

    pid_t id_ = -1;
    std::uint16_t port_ = 0;
};

/// What comes before the peer's answer is more than is read at once.
TEST(StoppedProcess, ReadsWhatCameMeanwhileBeforeItBlamesThePeer) {
    StoppedServer server;
    raw::Peer peer = raw::Peer::connectTo(server.port());
    peer.send(raw::helloRequest().bytes());
    const auto readHead = [&peer] {
        Bytes head = peer.receive(BinaryHeader::wireSize);
        const auto bytes = std::span(head).first<BinaryHeader::wireSize>();
        const BinaryHeader header = BinaryHeader::decode(bytes);
        peer.receive(std::size_t{header.textHeadersLength} + header.bodyLength);
        return head;
    };
    readHead();  // the HelloResponse
    const Bytes bye = readHead();
    ASSERT_EQ(bye[2], std::byte{5});  // the ByeRequest
    server.stop();
    std::thread sender([&] {
        const Bytes part = raw::Frame{.proto = 2, .body = std::string(60'000, 'x')}.bytes();
        for (int i = 0; i < StoppedServer::parts; ++i)
            peer.send(part);
        Bytes answer = bye;
        answer[2] = std::byte{6};
        peer.send(answer);
    });
    std::this_thread::sleep_for(StoppedServer::byeTimeout + 200ms);  // the time has to pass
    server.goOn();
    sender.join();
    EXPECT_EQ(server.result(), 0);
}

}  // namespace
}  // namespace tempeh::test::hostile

// Peers in processes of their own that are stopped or killed, also in the middle of a frame.

#include "hostile/scene.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <spawn.h>
#include <sys/wait.h>

extern char** environ;

namespace tempeh::test::hostile {
namespace {

std::string textOf(const Address& address) {
    return toString(address);
}

/// `hostile_peer` with one connection of a kind; gone at the latest when this is.
class Process {
public:
    Process(const std::string& kind, const Address& address) {
        const std::string where = textOf(address);
        const char* const arguments[] = {TEMPEH_HOSTILE_PEER, "--here",      "--kind",        kind.c_str(),
                                         "--address",         where.c_str(), "--connections", "1",
                                         "--seconds",         "600",         nullptr};
        if (::posix_spawn(&id_, arguments[0], nullptr, nullptr, const_cast<char* const*>(arguments),
                          environ) != 0)
            throw std::runtime_error("cannot start " TEMPEH_HOSTILE_PEER);
    }
    ~Process() { kill(); }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    /// Until it is stopped.
    void stop() {
        ::kill(id_, SIGSTOP);
        int status = 0;
        ::waitpid(id_, &status, WUNTRACED);
        EXPECT_TRUE(WIFSTOPPED(status));
    }
    void goOn() { ::kill(id_, SIGCONT); }
    void kill() {
        if (id_ < 0) return;
        ::kill(id_, SIGKILL);
        ::waitpid(id_, nullptr, 0);
        id_ = -1;
    }

private:
    pid_t id_ = -1;
};

class Processes : public ::testing::TestWithParam<Transport> {
protected:
    /// The number of its channel.
    static ChannelNumber awaitHello(Scene& scene) {
        const Seen hello = scene.server.next();
        EXPECT_EQ(hello.opCode, OpCode::HelloRequest);
        return hello.channel;
    }
    static Options options() {
        return {.helloTimeout = patience,
                .sendQueueMessages = 64,
                .sendBufferBytes = 16 * 1024,
                .frameTimeout = patience};
    }
};

INSTANTIATE_TEST_SUITE_P(Over, Processes, ::testing::Values(Transport::Tcp, Transport::Uds),
                         [](const auto& tested) { return tested.param == Transport::Tcp ? "Tcp" : "Unix"; });

TEST_P(Processes, Killed) {
    for (const char* const kind : {"hold", "hold-frame", "silence"}) {
        Scene scene(options(), GetParam());
        Process process(kind, scene.server.address());
        if (kind == std::string("silence")) {
            EXPECT_TRUE(eventually([&] { return scene.server.stats().accepted == 2; }));
            process.kill();
            EXPECT_TRUE(eventually([&] { return scene.server.stats().channels == 2; }));
            EXPECT_EQ(scene.server.unseen(), 0U);
            continue;
        }
        const ChannelNumber channel = awaitHello(scene);
        process.kill();
        const Seen closed = scene.server.nextClosed();
        EXPECT_EQ(closed.channel, channel);
        EXPECT_THAT(closed.reason, ::testing::StartsWith("PeerDisconnected: the peer closed the connection"));
    }
}

TEST_P(Processes, KilledWhileWeWrite) {
    Scene scene(options(), GetParam());
    Process process("hold", scene.server.address());
    const ChannelNumber channel = awaitHello(scene);
    process.stop();
    const std::size_t posted = scene.server.fillQueue(channel);
    EXPECT_GT(posted, 0U);
    process.kill();
    std::size_t returned = 0;
    std::size_t answers = 0;  // the serving thread's HelloResponse may stand behind the posted
    for (Seen seen = scene.server.next(); seen.status != Status::ChannelClosed; seen = scene.server.next()) {
        EXPECT_EQ(seen.status, Status::PeerDisconnected);
        ++(seen.opCode == OpCode::HelloResponse ? answers : returned);
    }
    EXPECT_GT(returned, 0U);
    EXPECT_LE(returned, posted);
    EXPECT_LE(answers, 1U);
}

/// Stopped between two frames: its queue fills, and it is as it was when it goes on.
TEST_P(Processes, StoppedAndContinued) {
    Scene scene(options(), GetParam());
    Process process("hold", scene.server.address());
    const ChannelNumber channel = awaitHello(scene);
    process.stop();
    EXPECT_GT(scene.server.fillQueue(channel), 0U);
    scene.honest->expectService();
    process.goOn();
    scene.server.waitWritable(channel);
    EXPECT_EQ(scene.server.stats().returned.total(), 0U);
    EXPECT_EQ(scene.server.unseen(), 0U);
}

TEST_P(Processes, StoppedAndNotContinued) {
    Options impatient = options();
    impatient.writeTimeout = 200ms;
    Scene scene(impatient, GetParam());
    Process process("hold", scene.server.address());
    const ChannelNumber channel = awaitHello(scene);
    process.stop();
    EXPECT_GT(scene.server.fillQueue(channel), 0U);
    const Seen closed = scene.server.nextClosed();
    EXPECT_EQ(closed.channel, channel);
    EXPECT_EQ(closed.reason, "CommunicationFailed: the peer accepted no data within writeTimeout");
    EXPECT_EQ(scene.server.stats().writeTimeouts, 1U);
}

TEST_P(Processes, StoppedInTheMiddleOfAFrame) {
    Options impatient = options();
    impatient.frameTimeout = 200ms;
    Scene scene(impatient, GetParam());
    Process process("hold-frame", scene.server.address());
    const ChannelNumber channel = awaitHello(scene);
    process.stop();
    const Seen closed = scene.server.nextClosed();
    EXPECT_EQ(closed.channel, channel);
    EXPECT_THAT(closed.reason,
                ::testing::StartsWith("CommunicationFailed: a frame made no progress within frameTimeout"));
    EXPECT_EQ(scene.server.stats().frameTimeouts, 1U);
}

}  // namespace
}  // namespace tempeh::test::hostile

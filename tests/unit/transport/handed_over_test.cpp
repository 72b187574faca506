// Sockets that somebody else has opened: `fd|...`.

#include "transport/fd/handed_over.hpp"

#include "unit/transport/network_fixture.hpp"
#include "unit/transport/raw_socket.hpp"

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace tempeh::transport {
namespace {

class HandedOver : public NetworkTest {
protected:
    static Address serverAt(const RawSocket& socket) { return FdServer(std::to_string(socket.get())); }
    static Address FdServer(const std::string& place) { return CustomServerAddress("fd", place); }
    static Address clientAt(int descriptor) { return CustomClientAddress("fd", std::to_string(descriptor)); }

    RawSocket listening(int family = AF_INET) {
        RawSocket socket = RawSocket::make(family);
        EXPECT_EQ(bindTo(socket, loopback(0)), 0);
        EXPECT_EQ(::listen(socket.get(), 8), 0);
        return socket;
    }
    error_code openAt(const Address& address) {
        const std::unique_ptr<Listener> listener = network_->makeListener("fd");
        return open(*listener, address);
    }
    static int release(RawSocket& socket) {  // the transport owns it now
        const int descriptor = ::dup(socket.get());
        socket.reset(-1);
        return descriptor;
    }
};

TEST_F(HandedOver, ListensOnASocketThatListensAndSaysWhere) {
    RawSocket socket = listening();
    const std::uint16_t port = boundPort(socket);
    const int descriptor = release(socket);
    const std::unique_ptr<Listener> listener = listenOn(FdServer(std::to_string(descriptor)));
    EXPECT_EQ(listener->boundAddress(), Address(TcpServerAddress("127.0.0.1", port)));
    EXPECT_EQ(::fcntl(descriptor, F_GETFD), -1) << "the old number is closed";
    const Pair pair = connectPair(*listener, TcpClientAddress("127.0.0.1", port));
    EXPECT_FALSE(writeAll(*pair.client, "hello"));
    EXPECT_EQ(readText(*pair.server, 5), "hello");
    EXPECT_EQ(pair.server->info().transport, tempeh::Transport::Tcp);
    listener->close();
    EXPECT_EQ(connectTo(TcpClientAddress("127.0.0.1", port))->ec, asio::error::connection_refused);
}

TEST_F(HandedOver, SaysWhatADescriptorIsInsteadAndLeavesItAlone) {
    const RawSocket bound = RawSocket::make(AF_INET);
    ASSERT_EQ(bindTo(bound, loopback(0)), 0);
    const RawSocket datagram(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const RawSocket file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const RawSocket listens = listening();
    EXPECT_EQ(openAt(serverAt(bound)), make_error_code(HandOver::NotListening));
    EXPECT_EQ(openAt(serverAt(datagram)), make_error_code(HandOver::NotAStream));
    EXPECT_EQ(openAt(serverAt(file)), make_error_code(HandOver::NotASocket));
    EXPECT_EQ(openAt(FdServer("987654")), make_error_code(HandOver::NotOpen));
    EXPECT_EQ(openAt(FdServer("-4")), make_error_code(HandOver::NotOpen));
    EXPECT_EQ(connectTo(clientAt(bound.get()))->ec, make_error_code(HandOver::NotConnected));
    EXPECT_EQ(connectTo(clientAt(listens.get()))->ec, make_error_code(HandOver::Listening));
    for (const RawSocket* socket : {&bound, &datagram, &file, &listens})
        EXPECT_NE(::fcntl(socket->get(), F_GETFD), -1);
    EXPECT_EQ(make_error_code(HandOver::NotListening).message(),
              "the descriptor is a stream socket that does not listen");
}

TEST_F(HandedOver, BothEndsOfASocketPairBecomeAConnection) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    const std::unique_ptr<Listener> listener = listenOn(FdServer("accepted|" + std::to_string(ends[0])));
    const AttemptPtr accepting = startAccept(*listener);
    const AttemptPtr connecting = connectTo(clientAt(ends[1]));
    finish(accepting);
    ASSERT_TRUE(accepting->stream && connecting->stream) << connecting->ec.message();
    EXPECT_FALSE(writeAll(*connecting->stream, "over it"));
    EXPECT_EQ(readText(*accepting->stream, 7), "over it");
    const AttemptPtr second = startAccept(*listener);
    runReady();
    EXPECT_FALSE(second->isDone) << "there is no second one";
    listener->close();
    finish(second);
    EXPECT_EQ(second->ec, asio::error::operation_aborted);
    EXPECT_EQ(connectTo(clientAt(ends[1]))->ec, make_error_code(HandOver::NotOpen))
        << "it is not taken twice";
}

TEST_F(HandedOver, KeepsTheFileOfAUnixSocket) {
    const std::string path = temporaryUdsPath();
    RawSocket socket = RawSocket::make(AF_UNIX);
    ASSERT_EQ(bindTo(socket, unixPath(path)), 0);
    ASSERT_EQ(::listen(socket.get(), 8), 0);
    std::unique_ptr<Listener> listener = listenOn(FdServer(std::to_string(release(socket))));
    EXPECT_EQ(listener->boundAddress(), Address(UdsServerAddress(path)));
    listener.reset();
    EXPECT_EQ(::unlink(path.c_str()), 0) << "whoever bound it removes it";
}

/// The environment that systemd gives to a service.
class Activated : public HandedOver {
protected:
    static void setEnvironment(const std::string& pid, const char* count, const char* names) {
        ::setenv("LISTEN_PID", pid.c_str(), 1);
        ::setenv("LISTEN_FDS", count, 1);
        ::setenv("LISTEN_FDNAMES", names, 1);
    }
    void TearDown() override {
        for (const char* const name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
            ::unsetenv(name);
    }
};

TEST_F(Activated, ANameIsTheDescriptorInItsPlace) {
    error_code ec;
    setEnvironment(std::to_string(::getpid()), "3", "web:admin:web");
    EXPECT_EQ(descriptorOf("admin", ec), 4);
    EXPECT_FALSE(ec);
    EXPECT_EQ(descriptorOf("web", ec), 3) << "the first of that name";
    EXPECT_EQ(descriptorOf("17", ec), 17) << "a number is a number";
    EXPECT_FALSE(ec);
    descriptorOf("other", ec);
    EXPECT_EQ(ec, make_error_code(HandOver::NoSuchName));
    setEnvironment(std::to_string(::getpid()), "1", "web:admin");
    descriptorOf("admin", ec);
    EXPECT_EQ(ec, make_error_code(HandOver::NoSuchName)) << "named, but not handed over";
}

TEST_F(Activated, WhatIsForAnotherProcessIsNotTaken) {
    error_code ec;
    setEnvironment(std::to_string(::getpid() + 1), "1", "web");
    descriptorOf("web", ec);
    EXPECT_EQ(ec, make_error_code(HandOver::OtherProcess));
    TearDown();
    descriptorOf("web", ec);
    EXPECT_EQ(ec, make_error_code(HandOver::NotActivated));
}

}  // namespace
}  // namespace tempeh::transport

// A socket that a parent process opened and hands to its child, as systemd does.

#include "support/flows_fixture.hpp"

#include <gmock/gmock.h>

#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tempeh::test {
namespace {

using ::testing::HasSubstr;

/// A listening TCP socket on a free port of the loopback network.
int listeningSocket() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(socket, 16), 0);
    return socket;
}

TEST(HandedOver, AServerOnAnInheritedSocketSaysWhereItListensAndServes) {
    FlowsPair pair(echo, FdServerAddress(listeningSocket()));
    EXPECT_THAT(toString(pair.address), HasSubstr("tcp|127.0.0.1|"));
    pair.onClient(expectEcho(pair.connect()));
}

TEST(HandedOver, ADescriptorThatDoesNotListenIsSaidToBeSo) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    Side side;
    const BinaryHeader welcome = side->post(side->makeFor(FdServerAddress(socket)));
    const MessagePtr refused = side->next(OpCode::WelcomeResponse, Status::ListenFailed);
    EXPECT_THAT(reasonOf(*refused), HasSubstr("does not listen"));
    side->nextClosed(welcome.channelNumber);
    EXPECT_EQ(::close(socket), 0) << "it was left alone";
}

TEST(HandedOver, ConnectedSocketsCarryAConversation) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    Side server;
    Side client;
    server->listen(FdServerAddress::accepted(ends[0]));
    converse(server.party, client.party, FdClientAddress(ends[1]));
}

}  // namespace
}  // namespace tempeh::test

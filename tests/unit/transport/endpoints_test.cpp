#include "transport/tcp/tcp_endpoint.hpp"
#include "transport/uds/uds_endpoint.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>

namespace tempeh::transport {
namespace {

namespace asio = boost::asio;

std::string textOf(const char* host) {
    return tcpText(asio::ip::tcp::endpoint(asio::ip::make_address(host), 7099));
}

TEST(Endpoints, WriteTcpAddressesAsTheWireDoes) {
    EXPECT_EQ(textOf("127.0.0.1"), "tcp|127.0.0.1|7099");
    EXPECT_EQ(textOf("2001:db8::1"), "tcp|2001:db8::1|7099");
    EXPECT_EQ(textOf("::ffff:192.0.2.1"), "tcp|192.0.2.1|7099");
}

TEST(Endpoints, KnowTheLoopbackNetwork) {
    const auto isLoopbackHost = [](const char* host) {
        return isLoopback(asio::ip::tcp::endpoint(asio::ip::make_address(host), 7099));
    };
    EXPECT_TRUE(isLoopbackHost("127.0.0.1"));
    EXPECT_TRUE(isLoopbackHost("127.1.2.3"));
    EXPECT_TRUE(isLoopbackHost("::1"));
    EXPECT_TRUE(isLoopbackHost("::ffff:127.0.0.1"));
    EXPECT_FALSE(isLoopbackHost("192.0.2.1"));
    EXPECT_FALSE(isLoopbackHost("2001:db8::1"));
    error_code ec;
    EXPECT_FALSE(isLoopback(unixEndpoint("/tmp/x", ec)));
}

TEST(Endpoints, WriteUnixAddressesAsTheyWereGiven) {
    for (const std::string path : {"/tmp/x", "relative", "@name", "a"}) {
        error_code ec;
        const StreamEndpoint endpoint = unixEndpoint(path, ec);
        EXPECT_FALSE(ec);
        EXPECT_EQ(unixText(endpoint), "uds|" + path);
    }
}

TEST(Endpoints, EscapeWhatWouldBeALineOfItsOwn) {
    error_code ec;
    EXPECT_EQ(unixText(unixEndpoint("/tmp/x\n[info] root\x7f", ec)), "uds|/tmp/x\\x0a[info] root\\x7f");
    EXPECT_EQ(unixText(unixEndpoint("@name\r", ec)), "uds|@name\\x0d");
}

TEST(Endpoints, RejectPathsThatAreNone) {
    for (const std::string& path :
         {std::string(), std::string("@"), std::string("a\0b", 3), std::string(108, 'p')}) {
        error_code ec;
        unixEndpoint(path, ec);
        EXPECT_EQ(ec, Status::InvalidAddress);
    }
}

}  // namespace
}  // namespace tempeh::transport

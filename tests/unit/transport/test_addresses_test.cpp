#include "unit/transport/raw_socket.hpp"

#include <tempeh/transport/test_addresses.hpp>
#include <tempeh/wire/address.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

namespace tempeh {
namespace {

TEST(FindFreeTcpPort, GivesAPortThatCanBeBound) {
    error_code ec;
    const std::uint16_t port = findFreeTcpPort(ec);
    ASSERT_FALSE(ec) << ec.message();
    EXPECT_NE(port, 0);
    const auto socket = transport::RawSocket::make(AF_INET);
    EXPECT_EQ(transport::bindTo(socket, transport::loopback(port)), 0);
    EXPECT_NE(findFreeTcpPort(), port);
}

TEST(TemporaryUdsPath, IsFreshEachTime) {
    std::set<std::string> paths;
    for (int i = 0; i < 100; ++i) {
        const std::string path = temporaryUdsPath();
        EXPECT_LE(path.size(), wire::maxUdsPath);
        EXPECT_FALSE(std::filesystem::exists(path));
        EXPECT_TRUE(paths.insert(path).second);
    }
}

TEST(TemporaryUdsPath, FitsWhenTheTemporaryFoldersNameDoesNot) {
    const std::string longName = ::testing::TempDir() + std::string(100, 'd');
    std::filesystem::create_directory(longName);
    const char* const before = std::getenv("TMPDIR");
    const std::string saved = before ? before : "";
    ::setenv("TMPDIR", longName.c_str(), 1);
    EXPECT_LE(temporaryUdsPath().size(), wire::maxUdsPath);
    before ? ::setenv("TMPDIR", saved.c_str(), 1) : ::unsetenv("TMPDIR");
    std::filesystem::remove(longName);
}

}  // namespace
}  // namespace tempeh

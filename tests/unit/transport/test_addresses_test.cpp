#include "unit/transport/raw_socket.hpp"

#include <tempeh/transport/test_addresses.hpp>
#include <tempeh/wire/address.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>

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

/// TMPDIR is another folder, which exists meanwhile.
class OtherTemporaryFolder {
public:
    explicit OtherTemporaryFolder(std::string path) : path_(std::move(path)) {
        const char* const before = std::getenv("TMPDIR");
        if (before != nullptr) saved_ = before;
        std::filesystem::create_directory(path_);
        ::setenv("TMPDIR", path_.c_str(), 1);
    }
    ~OtherTemporaryFolder() {
        saved_ ? ::setenv("TMPDIR", saved_->c_str(), 1) : ::unsetenv("TMPDIR");
        std::filesystem::remove(path_);
    }
    OtherTemporaryFolder(const OtherTemporaryFolder&) = delete;
    OtherTemporaryFolder& operator=(const OtherTemporaryFolder&) = delete;

private:
    std::string path_;
    std::optional<std::string> saved_;
};

TEST(TemporaryUdsPath, FitsWhenTheTemporaryFoldersNameDoesNot) {
    const OtherTemporaryFolder folder(::testing::TempDir() + std::string(100, 'd'));
    EXPECT_LE(temporaryUdsPath().size(), wire::maxUdsPath);
}

TEST(TemporaryUdsPath, IsAnAddressWhenTheTemporaryFoldersNameIsNone) {
    const OtherTemporaryFolder folder(::testing::TempDir() + "tempeh\nfolder");
    EXPECT_EQ(temporaryUdsPath().find('\n'), std::string::npos);
}

}  // namespace
}  // namespace tempeh

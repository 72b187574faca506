#include "transport/posix/socket_inode.hpp"

#include "unit/transport/raw_socket.hpp"

#include <tempeh/transport/test_addresses.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/errc.hpp>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tempeh::transport {
namespace {

mode_t modeOf(const std::string& path) {
    struct stat found {};
    EXPECT_EQ(::stat(path.c_str(), &found), 0);
    return found.st_mode & 07777;
}

/// Two names in the temporary folder that are removed at the end.
class SocketInodeTest : public ::testing::Test {
protected:
    ~SocketInodeTest() override {
        ::unlink(path_.c_str());
        ::unlink(target_.c_str());
    }
    void makeSocket(const std::string& path) {
        socket_ = RawSocket::make(AF_UNIX);
        ASSERT_EQ(bindTo(socket_, unixPath(path)), 0);
        ASSERT_EQ(::chmod(path.c_str(), 0700), 0);
    }

    const std::string path_ = temporaryUdsPath();
    const std::string target_ = temporaryUdsPath();
    RawSocket socket_;
    error_code ec_;
};

TEST_F(SocketInodeTest, GivesASocketFileItsMode) {
    makeSocket(path_);
    SocketInode file(path_, ec_);
    ASSERT_FALSE(ec_) << ec_.message();
    file.setMode(0666, ec_);
    EXPECT_FALSE(ec_) << ec_.message();
    EXPECT_EQ(modeOf(path_), 0666U);
}

TEST_F(SocketInodeTest, LeavesAloneWhatALinkInItsPlaceLeadsTo) {
    makeSocket(target_);
    ASSERT_EQ(::symlink(target_.c_str(), path_.c_str()), 0);
    const SocketInode file(path_, ec_);
    EXPECT_TRUE(ec_);
    EXPECT_EQ(modeOf(target_), 0700U);
}

TEST_F(SocketInodeTest, LeavesAloneWhatALinkThatComesLaterLeadsTo) {
    makeSocket(path_);
    SocketInode file(path_, ec_);
    ASSERT_FALSE(ec_) << ec_.message();
    ::close(::open(target_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    ::unlink(path_.c_str());
    ASSERT_EQ(::symlink(target_.c_str(), path_.c_str()), 0);
    file.setMode(0666, ec_);
    EXPECT_EQ(modeOf(target_), 0600U);
}

TEST_F(SocketInodeTest, IsOfSocketsOnly) {
    ::close(::open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    const SocketInode file(path_, ec_);
    EXPECT_EQ(ec_, boost::asio::error::not_socket);
    const SocketInode none(target_, ec_);
    EXPECT_EQ(ec_, boost::system::errc::no_such_file_or_directory);
}

}  // namespace
}  // namespace tempeh::transport

#include "transport/transport.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/errc.hpp>
#include <gtest/gtest.h>

namespace tempeh::transport {
namespace {

namespace errc = boost::system::errc;

error_code systemError(int value) {
    return {value, asio::error::get_system_category()};
}

TEST(ConnectStatus, TellsAMissingPathFromADeadServer) {
    const Address path = UdsClientAddress("/tmp/x");
    const Address tcp = TcpClientAddress("127.0.0.1", 1);
    EXPECT_EQ(connectStatus(systemError(ENOENT), path), Status::UdsPathNotFound);
    EXPECT_EQ(connectStatus(systemError(ENOTDIR), path), Status::UdsPathNotFound);
    EXPECT_EQ(connectStatus(systemError(ECONNREFUSED), path), Status::ConnectFailed);
    EXPECT_EQ(connectStatus(systemError(EACCES), path), Status::ConnectFailed);
    EXPECT_EQ(connectStatus(systemError(ENOENT), tcp), Status::ConnectFailed);
}

TEST(ConnectStatus, KeepsAStatusAndNamesAPeerThatLeft) {
    const Address tcp = TcpClientAddress("127.0.0.1", 1);
    EXPECT_EQ(connectStatus({}, tcp), Status::Success);
    EXPECT_EQ(connectStatus(Status::InvalidAddress, tcp), Status::InvalidAddress);
    EXPECT_EQ(connectStatus(Status::SendQueueFull, tcp), Status::SendQueueFull);
    EXPECT_EQ(connectStatus(asio::error::eof, tcp), Status::PeerDisconnected);
    EXPECT_EQ(connectStatus(systemError(ECONNRESET), tcp), Status::PeerDisconnected);
    EXPECT_EQ(connectStatus(systemError(ECONNREFUSED), tcp), Status::ConnectFailed);
    EXPECT_EQ(connectStatus(asio::error::host_not_found, tcp), Status::ConnectFailed);
}

TEST(IsOutOfResources, IsTrueForDescriptorsAndMemoryAlone) {
    for (const int value : {EMFILE, ENFILE, ENOBUFS, ENOMEM})
        EXPECT_TRUE(isOutOfResources(systemError(value)));
    for (const int value : {EAGAIN, ECONNABORTED, EBADF, EINVAL, EADDRINUSE}) {
        EXPECT_FALSE(isOutOfResources(systemError(value)));
    }
    EXPECT_FALSE(isOutOfResources({}));
}

}  // namespace
}  // namespace tempeh::transport

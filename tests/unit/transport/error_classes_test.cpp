#include "transport/transport.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/errc.hpp>
#include <gtest/gtest.h>

namespace tempeh::transport {
namespace {

namespace errc = boost::system::errc;

error_code systemError(int value) {
    return {value, asio::error::get_system_category()};
}

TEST(ConnectStatus, TellsAMissingPathFromADeadServer) {
    asio::io_context context;
    const auto network = makeSystemNetwork(context.get_executor(), {});
    const std::unique_ptr<Connector> path = network->makeConnector("uds");
    const std::unique_ptr<Connector> tcp = network->makeConnector("tcp");
    EXPECT_EQ(path->statusOf(systemError(ENOENT)), Status::UdsPathNotFound);
    EXPECT_EQ(path->statusOf(systemError(ENOTDIR)), Status::UdsPathNotFound);
    EXPECT_EQ(path->statusOf(systemError(ECONNREFUSED)), Status::ConnectFailed);
    EXPECT_EQ(path->statusOf(systemError(EACCES)), Status::ConnectFailed);
    EXPECT_EQ(tcp->statusOf(systemError(ENOENT)), Status::ConnectFailed);
}

TEST(ConnectStatus, KeepsAStatusAndNamesAPeerThatLeft) {
    EXPECT_EQ(connectStatus({}), Status::Success);
    EXPECT_EQ(connectStatus(Status::InvalidAddress), Status::InvalidAddress);
    EXPECT_EQ(connectStatus(Status::SendQueueFull), Status::SendQueueFull);
    EXPECT_EQ(connectStatus(asio::error::eof), Status::PeerDisconnected);
    EXPECT_EQ(connectStatus(systemError(ECONNRESET)), Status::PeerDisconnected);
    EXPECT_EQ(connectStatus(systemError(ECONNREFUSED)), Status::ConnectFailed);
    EXPECT_EQ(connectStatus(asio::error::host_not_found), Status::ConnectFailed);
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

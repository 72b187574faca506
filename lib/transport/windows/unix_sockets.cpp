#include "transport/uds/folder_lock.hpp"
#include "transport/uds/peer_credentials.hpp"
#include "transport/uds/socket_file.hpp"
#include "transport/uds/uds_endpoint.hpp"

#include <boost/asio/error.hpp>

// Windows has Unix sockets, but without modes and credentials, and tempeh has not been tested with them.
// unixEndpoint() therefore reports them as unsupported before anything else here is called.
namespace tempeh::transport {

std::string unixText(const StreamEndpoint&) {
    return "uds|";
}

StreamEndpoint unixEndpoint(std::string_view, error_code& ec) {
    ec = boost::asio::error::address_family_not_supported;
    return {};
}

void FolderLock::tryLock(const std::string&, error_code& ec) noexcept {
    ec = boost::asio::error::operation_not_supported;
}

void FolderLock::release() noexcept {}

std::optional<PeerCredentials> peerCredentialsOf(Descriptor) noexcept {
    return std::nullopt;
}

void SocketFile::bindAndListen(StreamAcceptor&, const std::string&, std::optional<std::uint32_t>, int, bool,
                               error_code& ec) {
    ec = boost::asio::error::operation_not_supported;
}

void SocketFile::remove() noexcept {}

}  // namespace tempeh::transport

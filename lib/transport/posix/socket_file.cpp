#include "transport/uds/socket_file.hpp"

#include "transport/posix/last_error.hpp"
#include "transport/posix/socket_inode.hpp"
#include "transport/socket_calls.hpp"
#include "transport/uds/uds_endpoint.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/errc.hpp>

#include <cerrno>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tempeh::transport {

namespace {

constexpr mode_t modeBits = 07777;

bool isSame(const struct stat& file, std::uint64_t device, std::uint64_t inode) noexcept {
    return static_cast<std::uint64_t>(file.st_dev) == device &&
           static_cast<std::uint64_t>(file.st_ino) == inode;
}

// Only a refused connection proves that no server listens: a full backlog or a missing permission does not.
bool isDead(StreamAcceptor& acceptor, const StreamEndpoint& endpoint, error_code& ec) {
    StreamSocket probe(acceptor.get_executor());
    openSocket(probe, endpoint, ec);
    if (ec) return false;
    error_code answer;
    connectOnce(probe, endpoint, answer);
    return answer == asio::error::connection_refused;
}

}  // namespace

void SocketFile::bindAndListen(StreamAcceptor& acceptor, const std::string& path,
                               std::optional<std::uint32_t> mode, int backlog, bool mayReplace,
                               error_code& ec) {
    const StreamEndpoint endpoint = unixEndpoint(path, ec);
    if (ec) return;
    // On Linux the file gets the socket's own mode less the umask. The bits that the umask removes are added
    // after bind().
    if (mode) ::fchmod(acceptor.native_handle(), static_cast<mode_t>(*mode) & modeBits);
    acceptor.bind(endpoint, ec);
    if (ec == asio::error::address_in_use && mayReplace) bindReplacing(acceptor, endpoint, path, ec);
    if (ec) return;

    struct stat made {};
    if (::lstat(path.c_str(), &made) != 0) ec = lastError();
    if (!ec && !S_ISSOCK(made.st_mode)) ec = asio::error::not_socket;  // another process replaced it
    if (ec) return;
    path_ = path;
    device_ = static_cast<std::uint64_t>(made.st_dev);
    inode_ = static_cast<std::uint64_t>(made.st_ino);
    if (mode && (made.st_mode & modeBits) != (*mode & modeBits)) giveMode(*mode & modeBits, ec);
    if (!ec) acceptor.listen(backlog, ec);
    if (ec) remove();
}

void SocketFile::giveMode(std::uint32_t mode, error_code& ec) {
    SocketInode file(path_, ec);
    if (!ec && (file.device() != device_ || file.inode() != inode_)) ec = asio::error::not_socket;
    if (!ec) file.setMode(mode, ec);
}

void SocketFile::bindReplacing(StreamAcceptor& acceptor, const StreamEndpoint& endpoint,
                               const std::string& path, error_code& ec) {
    struct stat there {};
    if (::lstat(path.c_str(), &there) == 0) {
        if (!S_ISSOCK(there.st_mode)) {
            ec = asio::error::not_socket;
            return;
        }
        if (!isDead(acceptor, endpoint, ec)) {
            if (!ec) ec = asio::error::address_in_use;
            return;
        }
        if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
            ec = lastError();
            return;
        }
    }
    acceptor.bind(endpoint, ec);
}

void SocketFile::remove() noexcept {
    if (path_.empty()) return;
    struct stat there {};
    if (::lstat(path_.c_str(), &there) == 0 && isSame(there, device_, inode_)) ::unlink(path_.c_str());
    path_.clear();
}

}  // namespace tempeh::transport

#include "transport/posix/socket_inode.hpp"

#include "transport/posix/last_error.hpp"

#include <boost/asio/error.hpp>

#include <array>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tempeh::transport {

SocketInode::SocketInode(const std::string& path, error_code& ec) noexcept : path_(path) {
    struct stat found {};
#ifdef O_PATH
    descriptor_ = ::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
    const bool isFound = descriptor_ >= 0 && ::fstat(descriptor_, &found) == 0;
#else
    const bool isFound = ::lstat(path.c_str(), &found) == 0;
#endif
    if (!isFound) {
        ec = lastError();
        return;
    }
    ec.clear();
    if (!S_ISSOCK(found.st_mode)) ec = boost::asio::error::not_socket;
    device_ = static_cast<std::uint64_t>(found.st_dev);
    inode_ = static_cast<std::uint64_t>(found.st_ino);
}

SocketInode::~SocketInode() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

void SocketInode::setMode(std::uint32_t mode, error_code& ec) noexcept {
#ifdef O_PATH
    // fchmod() refuses a descriptor of this kind; its name in /proc refers to the file itself.
    std::array<char, 32> name{};
    std::snprintf(name.data(), name.size(), "/proc/self/fd/%d", descriptor_);
    const int result = ::chmod(name.data(), static_cast<mode_t>(mode));
#else
    const int result = ::fchmodat(AT_FDCWD, path_.c_str(), static_cast<mode_t>(mode), AT_SYMLINK_NOFOLLOW);
#endif
    if (result == 0)
        ec.clear();
    else
        ec = lastError();
}

}  // namespace tempeh::transport

#include "transport/uds/folder_lock.hpp"

#include <boost/asio/error.hpp>

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace tempeh::transport {

namespace asio = boost::asio;

void FolderLock::tryLock(const std::string& pathInFolder, error_code& ec) noexcept {
    release();
    const std::size_t slash = pathInFolder.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : pathInFolder.substr(0, slash + 1);
    descriptor_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor_ >= 0 && ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) {
        ec.clear();
        return;
    }
    ec = errno == EWOULDBLOCK ? error_code(asio::error::would_block)
                              : error_code(errno, asio::error::get_system_category());
    release();
}

void FolderLock::release() noexcept {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
}

}  // namespace tempeh::transport

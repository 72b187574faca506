#pragma once

#include <tempeh/message/status.hpp>

#include <cstdint>
#include <string>

namespace tempeh::transport {

/// The socket file that a path names, and that alone: whoever may write to the folder can put a symbolic link
/// in its place at any moment, and what is done to a path then is done to the link's target.
class SocketInode {
public:
    /// Errors: not_socket (also for a symbolic link to one), what the system says.
    SocketInode(const std::string& path, error_code& ec) noexcept;
    ~SocketInode();
    SocketInode(const SocketInode&) = delete;
    SocketInode& operator=(const SocketInode&) = delete;

    std::uint64_t device() const noexcept { return device_; }
    std::uint64_t inode() const noexcept { return inode_; }

    /// chmod() of this very file.
    void setMode(std::uint32_t mode, error_code& ec) noexcept;

private:
    const std::string& path_;
    int descriptor_ = -1;  // where the system has descriptors that only name a file
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
};

}  // namespace tempeh::transport

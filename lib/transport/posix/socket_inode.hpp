#pragma once

#include <tempeh/message/status.hpp>

#include <cstdint>
#include <string>

namespace tempeh::transport {

/// Identifies the socket file at a path, and never anything else. A process with write access to the folder
/// can replace the file with a symbolic link at any moment, and operations on the path would then affect the
/// link's target.
class SocketInode {
public:
    /// Errors: not_socket (also for a symbolic link to one), or the system's error.
    SocketInode(const std::string& path, error_code& ec) noexcept;
    ~SocketInode();
    SocketInode(const SocketInode&) = delete;
    SocketInode& operator=(const SocketInode&) = delete;

    std::uint64_t device() const noexcept { return device_; }
    std::uint64_t inode() const noexcept { return inode_; }

    /// chmod() on exactly this file.
    void setMode(std::uint32_t mode, error_code& ec) noexcept;

private:
    [[maybe_unused]] const std::string& path_;
    int descriptor_ = -1;  // used where the system has descriptors that only name a file
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
};

}  // namespace tempeh::transport

#pragma once

#include "transport/socket_types.hpp"

#include <tempeh/message/status.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace tempeh::transport {

/// The file of a listening Unix socket: made by bind(), removed at the end if it is still the same one.
class SocketFile {
public:
    /// Binds `acceptor`, gives the file its mode and listens; nobody can connect before the mode is set.
    /// Never blocks. A socket file whose server is dead is replaced if `mayReplace` (the caller holds the
    /// FolderLock). Errors: address_in_use (a live server has the path, or a dead one's file may not be
    /// replaced), not_a_socket (a file that is not a socket is never touched), what the system says.
    void bindAndListen(StreamAcceptor& acceptor, const std::string& path, std::optional<std::uint32_t> mode,
                       int backlog, bool mayReplace, error_code& ec);

    /// Removes the file unless another took its place. To be called while the socket is open: that keeps the
    /// inode number from being reused, and other servers from taking the file for a stale one.
    void remove() noexcept;

private:
    void giveMode(std::uint32_t mode, error_code& ec);
    void bindReplacing(StreamAcceptor& acceptor, const StreamEndpoint& endpoint, const std::string& path,
                       error_code& ec);

    std::string path_;  // empty: no file of ours
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
};

}  // namespace tempeh::transport

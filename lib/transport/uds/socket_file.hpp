#pragma once

#include "transport/socket_types.hpp"

#include <tempeh/message/status.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace tempeh::transport {

/// The file of a listening Unix socket: created by bind(), removed at the end if it is still the same file.
class SocketFile {
public:
    /// Binds `acceptor`, sets the file's mode and listens; no peer can connect before the mode is set. Never
    /// blocks. Replaces the socket file of a dead server if `mayReplace` (the caller holds the FolderLock).
    /// Errors: address_in_use (a live server uses the path, or a dead server's file may not be replaced),
    /// not_a_socket (a file that is not a socket is never touched), or the system's error.
    void bindAndListen(StreamAcceptor& acceptor, const std::string& path, std::optional<std::uint32_t> mode,
                       int backlog, bool mayReplace, error_code& ec);

    /// Removes the file unless another has replaced it. Call it while the socket is open: that prevents reuse
    /// of the inode number, and keeps other servers from mistaking the file for a stale one.
    void remove() noexcept;

private:
    void giveMode(std::uint32_t mode, error_code& ec);
    void bindReplacing(StreamAcceptor& acceptor, const StreamEndpoint& endpoint, const std::string& path,
                       error_code& ec);

    std::string path_;  // empty: we own no file
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
};

}  // namespace tempeh::transport

#pragma once

#include <tempeh/message/status.hpp>

#include <string>

namespace tempeh::transport {

/// Keeps servers that replace a stale socket file in one folder from doing it at the same time: between
/// another one's bind() and listen() its live file looks stale. Advisory flock(2) on the folder itself, no
/// file is made; the system gives it back when the process dies.
class FolderLock {
public:
    FolderLock() = default;
    ~FolderLock() { release(); }
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

    /// Tries once, never blocks. would_block: another process or descriptor has it. Other errors: this folder
    /// cannot be locked.
    void tryLock(const std::string& pathInFolder, error_code& ec) noexcept;
    void release() noexcept;
    bool isLocked() const noexcept { return descriptor_ >= 0; }

private:
    int descriptor_ = -1;
};

}  // namespace tempeh::transport

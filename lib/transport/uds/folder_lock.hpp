#pragma once

#include <tempeh/message/status.hpp>

#include <string>

namespace tempeh::transport {

/// Prevents two servers from replacing a stale socket file in one folder at the same time: between another
/// server's bind() and listen(), its live file looks stale. Advisory flock(2) on the folder itself; creates
/// no file. The system releases it when the process dies.
class FolderLock {
public:
    FolderLock() = default;
    ~FolderLock() { release(); }
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

    /// Tries once, never blocks. would_block: another process or descriptor holds the lock. Other errors:
    /// this folder cannot be locked.
    void tryLock(const std::string& pathInFolder, error_code& ec) noexcept;
    void release() noexcept;
    bool isLocked() const noexcept { return descriptor_ >= 0; }

private:
    int descriptor_ = -1;
};

}  // namespace tempeh::transport

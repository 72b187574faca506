#pragma once

#include "support/raw_peer.hpp"

#include <cstdint>
#include <string>
#include <sys/types.h>

namespace tempeh::test {

/// What main() does when this program is started as the server; see ServerProcess.
int serveUntilStdinEnds(const std::string& host);

/// This program once more, as a server in a network namespace: takes notes of its clients (TallyBook), and
/// gives up those that it has not heard of for a moment.
class ServerProcess {
public:
    /// Waits until it listens. Throws std::runtime_error.
    ServerProcess(const std::string& networkNamespace, const std::string& host);
    ServerProcess(const ServerProcess&) = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;
    ~ServerProcess();

    std::uint16_t port() const { return port_; }

    /// Ends it; whether all of its channels and messages were gone at the end, and it with status 0.
    bool endsClean();

private:
    std::string readLine();
    int wait();

    raw::Descriptor input_;
    raw::Descriptor output_;
    pid_t process_ = -1;
    std::uint16_t port_ = 0;
};

}  // namespace tempeh::test

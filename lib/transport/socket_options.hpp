#pragma once

#include <chrono>

namespace tempeh::transport {

/// What an engine's Options ask of its sockets.
struct SocketOptions {
    bool noDelay = true;         // TCP_NODELAY
    bool keepAlive = false;      // SO_KEEPALIVE
    int sendBufferBytes = 0;     // SO_SNDBUF; 0: the system's
    int receiveBufferBytes = 0;  // SO_RCVBUF; 0: the system's
    int backlog = 4096;          // listen(2)
    /// For a name with several addresses: what they share.
    std::chrono::steady_clock::duration connectTimeout = std::chrono::seconds(10);
};

}  // namespace tempeh::transport

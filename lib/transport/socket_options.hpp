#pragma once

#include <memory>

namespace tempeh {
class TlsContext;
}

namespace tempeh::transport {

/// The socket settings from an engine's Options.
struct SocketOptions {
    bool noDelay = true;         // TCP_NODELAY
    bool keepAlive = false;      // SO_KEEPALIVE
    bool reusePort = false;      // SO_REUSEPORT, of listeners
    int sendBufferBytes = 0;     // SO_SNDBUF; 0: the system's default
    int receiveBufferBytes = 0;  // SO_RCVBUF; 0: the system's default
    int backlog = 4096;          // listen(2)
    std::shared_ptr<TlsContext> tls = nullptr;
};

}  // namespace tempeh::transport

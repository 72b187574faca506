#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace tempeh {
class TlsContext;
}

namespace tempeh::transport {

/// The socket settings from an engine's Options.
struct SocketOptions {
    bool noDelay = true;                                      // TCP_NODELAY
    bool keepAlive = false;                                   // SO_KEEPALIVE
    std::chrono::steady_clock::duration keepAliveIdle{};      // TCP_KEEPIDLE; 0: the system's, as below
    std::chrono::steady_clock::duration keepAliveInterval{};  // TCP_KEEPINTVL
    int keepAliveProbes = 0;                                  // TCP_KEEPCNT
    std::chrono::steady_clock::duration userTimeout{};        // TCP_USER_TIMEOUT
    std::string localAddress = {};   // of TCP clients, an IP literal; empty: the system's choice
    std::string interfaceName = {};  // of TCP clients, SO_BINDTODEVICE; empty: any
    bool reusePort = false;          // SO_REUSEPORT, of listeners
    int sendBufferBytes = 0;         // SO_SNDBUF; 0: the system's default
    int receiveBufferBytes = 0;      // SO_RCVBUF; 0: the system's default
    int backlog = 4096;              // listen(2)
    std::shared_ptr<TlsContext> tls = nullptr;
};

}  // namespace tempeh::transport

#include "core/engine/environment.hpp"

namespace tempeh::core {

Environment Environment::ofSystem(const boost::asio::any_io_executor& executor, const Options& options) {
    const transport::SocketOptions sockets{.noDelay = options.tcpNoDelay,
                                           .keepAlive = options.tcpKeepAlive,
                                           .keepAliveIdle = options.tcpKeepAliveIdle,
                                           .keepAliveInterval = options.tcpKeepAliveInterval,
                                           .keepAliveProbes = options.tcpKeepAliveProbes,
                                           .userTimeout = options.tcpUserTimeout,
                                           .localAddress = options.tcpLocalAddress,
                                           .interfaceName = options.tcpInterface,
                                           .reusePort = options.tcpReusePort,
                                           .sendBufferBytes = options.sendBufferBytes,
                                           .receiveBufferBytes = options.receiveBufferBytes,
                                           .backlog = options.listenBacklog,
                                           .tls = options.tls};
    return {.network = transport::makeSystemNetwork(executor, sockets), .clock = {}};
}

}  // namespace tempeh::core

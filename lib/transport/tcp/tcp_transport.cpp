#include "transport/tcp/tcp_transport.hpp"

#include "transport/socket_provider.hpp"
#include "transport/tcp/tcp_connector.hpp"
#include "transport/tcp/tcp_listener.hpp"

namespace tempeh::transport {

constinit const Scheme tcpTransport("tcp", nullptr, &SocketProvider<TcpConnector, TcpListener>::make,
                                    tempeh::Transport::Tcp);

}  // namespace tempeh::transport

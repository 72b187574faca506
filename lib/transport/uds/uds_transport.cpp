#include "transport/uds/uds_transport.hpp"

#include "transport/socket_provider.hpp"
#include "transport/uds/uds_connector.hpp"
#include "transport/uds/uds_listener.hpp"

namespace tempeh::transport {

constinit const Scheme udsTransport("uds", nullptr, &SocketProvider<UdsConnector, UdsListener>::make,
                                    tempeh::Transport::Uds);

}  // namespace tempeh::transport

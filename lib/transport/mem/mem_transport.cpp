#include "transport/mem/mem_transport.hpp"

#include "transport/mem/mem_connector.hpp"
#include "transport/mem/mem_listener.hpp"
#include "transport/socket_provider.hpp"

namespace tempeh::transport {

constinit const Scheme memTransport("mem", nullptr, &SocketProvider<MemConnector, MemListener>::make);

}  // namespace tempeh::transport

#include "transport/fd/handed_over.hpp"

#include <boost/asio/error.hpp>

// Windows hands sockets over in another way (WSADuplicateSocket()), which is not supported.
namespace tempeh::transport {

int checkHandedOver(Descriptor, SocketRole, error_code& ec) noexcept {
    ec = boost::asio::error::operation_not_supported;
    return 0;
}

Descriptor takeOver(Descriptor descriptor, error_code& ec) noexcept {
    ec = boost::asio::error::operation_not_supported;
    return descriptor;
}

}  // namespace tempeh::transport

#include "transport/fd/fd_connector.hpp"

#include "transport/custom_place.hpp"
#include "transport/fd/fd_stream.hpp"

namespace tempeh::transport {

asio::awaitable<std::unique_ptr<Stream>> FdConnector::connect(Address address, error_code& ec) {
    std::unique_ptr<Stream> stream;
    const std::string* const place = placeOf<CustomClientAddress>(address, "fd", cancelled_, ec);
    if (!ec) stream = adoptConnection(executor_, options_, *place, ec);
    co_return stream;
}

}  // namespace tempeh::transport

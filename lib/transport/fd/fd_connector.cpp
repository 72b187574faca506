#include "transport/fd/fd_connector.hpp"

#include "transport/fd/fd_stream.hpp"

#include <boost/asio/error.hpp>

#include <variant>

namespace tempeh::transport {

asio::awaitable<std::unique_ptr<Stream>> FdConnector::connect(Address address, error_code& ec) {
    std::unique_ptr<Stream> stream;
    ec.clear();
    const auto* const to = std::get_if<CustomClientAddress>(&address);
    if (to == nullptr || to->scheme != "fd") ec = Status::WrongAddress;
    if (cancelled_) ec = asio::error::operation_aborted;
    if (!ec) stream = adoptConnection(executor_, options_, to->place, ec);
    co_return stream;
}

}  // namespace tempeh::transport

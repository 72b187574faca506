#include "transport/fd/one_connection.hpp"

#include "transport/custom_place.hpp"
#include "transport/fd/fd_stream.hpp"
#include "transport/waits.hpp"

#include <boost/asio/error.hpp>

#include <utility>

namespace tempeh::transport {

OneConnection::~OneConnection() = default;

asio::awaitable<void> OneConnection::open(Address address, error_code& ec) {
    const std::string* const place = placeOf<CustomServerAddress>(address, "fd", isClosed_, ec);
    if (ec) co_return;
    stream_ = adoptConnection(executor_, options_, place->substr(place->find('|') + 1), ec);
    if (!ec) bound_ = std::move(address);
}

asio::awaitable<std::unique_ptr<Stream>> OneConnection::accept(error_code& ec) {
    std::unique_ptr<Stream> stream;
    ec.clear();
    if (!isClosed_ && stream_ == nullptr) co_await waitFor(closed_, ec);
    if (isClosed_)
        ec = asio::error::operation_aborted;
    else
        stream = std::move(stream_);
    co_return stream;
}

void OneConnection::close() noexcept {
    isClosed_ = true;
    stream_.reset();
    closed_.cancel();
}

}  // namespace tempeh::transport

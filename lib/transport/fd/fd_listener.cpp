#include "transport/fd/fd_listener.hpp"

#include "transport/custom_place.hpp"
#include "transport/fd/fd_stream.hpp"
#include "transport/fd/handed_over.hpp"

#include <utility>

namespace tempeh::transport {

asio::awaitable<void> FdListener::open(Address address, error_code& ec) {
    const std::string* const place = placeOf<CustomServerAddress>(address, "fd", isClosed_, ec);
    if (!ec) adopt(*place, ec);
    co_return;
}

void FdListener::adopt(std::string_view place, error_code& ec) {
    adoptInto(acceptor(), place, SocketRole::Listening, ec);
    if (ec) return;
    const StreamEndpoint bound = acceptor().local_endpoint(ec);
    if (!ec) setBound(serverAddressOf(bound));
}

std::unique_ptr<Stream> FdListener::makeStream(StreamSocket socket, const StreamEndpoint& peer) {
    return makeHandedOverStream(std::move(socket), peer, options());
}

void FdListener::close() noexcept {
    isClosed_ = true;
    closeAcceptor();
}

}  // namespace tempeh::transport

#include "transport/fd/fd_listener.hpp"

#include "transport/fd/fd_stream.hpp"
#include "transport/fd/handed_over.hpp"
#include "transport/socket_calls.hpp"

#include <boost/asio/error.hpp>

#include <utility>
#include <variant>

namespace tempeh::transport {

asio::awaitable<void> FdListener::open(Address address, error_code& ec) {
    ec.clear();
    const auto* const at = std::get_if<CustomServerAddress>(&address);
    if (at == nullptr || at->scheme != "fd") ec = Status::WrongAddress;
    if (isClosed_) ec = asio::error::operation_aborted;
    if (!ec) adopt(at->place, ec);
    co_return;
}

void FdListener::adopt(std::string_view place, error_code& ec) {
    const Descriptor descriptor = descriptorOf(place, ec);
    if (ec) return;
    const int family = checkHandedOver(descriptor, SocketRole::Listening, ec);
    if (ec) return;
    const Descriptor own = takeOver(descriptor, ec);
    if (!ec) assignSocket(acceptor(), family, own, ec);
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

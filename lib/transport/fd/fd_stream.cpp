#include "transport/fd/fd_stream.hpp"

#include "transport/fd/handed_over.hpp"
#include "transport/socket_calls.hpp"
#include "transport/tcp/tcp_endpoint.hpp"
#include "transport/tcp/tcp_options.hpp"
#include "transport/tcp/tcp_stream.hpp"
#include "transport/uds/uds_endpoint.hpp"
#include "transport/uds/uds_stream.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <charconv>
#include <string>
#include <utility>

namespace tempeh::transport {

namespace {

bool isTcp(const StreamEndpoint& endpoint) noexcept {
    const int family = endpoint.protocol().family();
    return family == asio::ip::tcp::v4().family() || family == asio::ip::tcp::v6().family();
}

}  // namespace

std::unique_ptr<Stream> makeHandedOverStream(StreamSocket socket, const StreamEndpoint& peer,
                                             const SocketOptions& options) {
    if (isTcp(peer)) {
        applyTcpOptions(socket, options, peer);
        return std::make_unique<TcpStream>(std::move(socket), peer);
    }
    applyBufferSizes(socket, options);
    return std::make_unique<UdsStream>(std::move(socket), peer);
}

std::unique_ptr<Stream> adoptConnection(const asio::any_io_executor& executor, const SocketOptions& options,
                                        std::string_view place, error_code& ec) {
    const Descriptor descriptor = descriptorOf(place, ec);
    if (ec) return nullptr;
    const int family = checkHandedOver(descriptor, SocketRole::Connected, ec);
    if (ec) return nullptr;
    const Descriptor own = takeOver(descriptor, ec);
    StreamSocket socket(executor);
    if (!ec) assignSocket(socket, family, own, ec);
    if (ec) return nullptr;
    const StreamEndpoint peer = socket.remote_endpoint(ec);
    if (ec) return nullptr;
    return makeHandedOverStream(std::move(socket), peer, options);
}

Address serverAddressOf(const StreamEndpoint& endpoint) {
    if (!isTcp(endpoint)) return UdsServerAddress(unixText(endpoint).substr(4));
    const std::string text = tcpText(endpoint).substr(4);
    const std::size_t bar = text.rfind('|');
    std::uint16_t port = 0;
    std::from_chars(text.data() + bar + 1, text.data() + text.size(), port);
    return TcpServerAddress(text.substr(0, bar), port);
}

}  // namespace tempeh::transport

#include "transport/fd/fd_stream.hpp"

#include "transport/fd/handed_over.hpp"
#include "transport/socket_calls.hpp"
#include "transport/tcp/tcp_endpoint.hpp"
#include "transport/tcp/tcp_options.hpp"
#include "transport/tcp/tcp_stream.hpp"
#include "transport/uds/uds_endpoint.hpp"
#include "transport/uds/uds_stream.hpp"

#include <utility>

namespace tempeh::transport {

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
    StreamSocket socket(executor);
    adoptInto(socket, place, SocketRole::Connected, ec);
    if (ec) return nullptr;
    const StreamEndpoint peer = socket.remote_endpoint(ec);
    if (ec) return nullptr;
    return makeHandedOverStream(std::move(socket), peer, options);
}

Address serverAddressOf(const StreamEndpoint& endpoint) {
    if (!isTcp(endpoint)) return UdsServerAddress(unixText(endpoint).substr(4));
    const asio::ip::tcp::endpoint tcp = tcpEndpoint(endpoint);
    return TcpServerAddress(tcp.address().to_string(), tcp.port());
}

}  // namespace tempeh::transport

#include "transport/tcp/tcp_options.hpp"

#include "transport/socket_calls.hpp"
#include "transport/tcp/tcp_endpoint.hpp"

#include <boost/asio/ip/tcp.hpp>

namespace tempeh::transport {

namespace {

/// The system lets a TCP send buffer grow to several megabytes, which suits networks with long delays. The
/// loopback network answers at once; a large buffer only pushes the data in flight out of the cache. With
/// this limit a stream of 256 bytes is 1.3 times as fast, one of 65,000 bytes twice (measured, both sides on
/// one core).
constexpr int loopbackSendBuffer = 256 * 1024;

}  // namespace

void applyTcpOptions(StreamSocket& socket, const SocketOptions& options,
                     const StreamEndpoint& peer) noexcept {
    error_code ignored;
    applyBufferSizes(socket, options);
    if (options.sendBufferBytes == 0 && isLoopback(peer))
        socket.set_option(asio::socket_base::send_buffer_size(loopbackSendBuffer), ignored);
    if (options.noDelay) socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    applyKeepAlive(socket.native_handle(), options);
}

}  // namespace tempeh::transport

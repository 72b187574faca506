#include "transport/socket_calls.hpp"

#include "transport/descriptor_calls.hpp"
#include "transport/endpoints.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <new>

namespace tempeh::transport {

namespace {

/// Gives the descriptor to the socket, or closes it: Asio may find no memory to watch it.
template <typename Socket>
void assign(Socket& socket, int family, Descriptor descriptor, error_code& ec) noexcept {
    try {
        socket.assign(StreamProtocol(family, 0), descriptor, ec);
    } catch (const std::bad_alloc&) {
        ec = asio::error::no_memory;
    }
    if (ec) closeDescriptor(descriptor);
}

template <typename Socket>
void open(Socket& socket, int family, error_code& ec) {
    const Descriptor descriptor = makeDescriptor(family, ec);
    if (!ec) assign(socket, family, descriptor, ec);
}

/// The system lets a TCP send buffer grow to several megabytes, for networks that take long to answer. The
/// loopback network answers at once; there it only moves what is on its way out of the cache. With this bound
/// a stream of 256 bytes is 1.3 times as fast, one of 65,000 bytes twice (measured, both sides on one core).
constexpr int loopbackSendBuffer = 256 * 1024;

template <typename Socket>
void applyBufferSizes(Socket& socket, const SocketOptions& options) noexcept {
    error_code ignored;
    if (options.sendBufferBytes > 0) {
        socket.set_option(asio::socket_base::send_buffer_size(options.sendBufferBytes), ignored);
    }
    if (options.receiveBufferBytes > 0) {
        socket.set_option(asio::socket_base::receive_buffer_size(options.receiveBufferBytes), ignored);
    }
}

}  // namespace

void openSocket(StreamSocket& socket, const StreamEndpoint& endpoint, error_code& ec) {
    open(socket, endpoint.protocol().family(), ec);
}

void openSocket(StreamAcceptor& acceptor, const StreamEndpoint& endpoint, error_code& ec) {
    open(acceptor, endpoint.protocol().family(), ec);
}

void acceptOnce(StreamAcceptor& acceptor, StreamSocket& accepted, StreamEndpoint& peer, error_code& ec) {
    const Descriptor descriptor = acceptDescriptor(acceptor.native_handle(), peer, ec);
    if (!ec) assign(accepted, peer.protocol().family(), descriptor, ec);
}

void applyOptions(StreamSocket& socket, const SocketOptions& options, const StreamEndpoint& peer) noexcept {
    error_code ignored;
    applyBufferSizes(socket, options);
    if (isUnix(peer)) return;
    if (options.sendBufferBytes == 0 && isLoopback(peer))
        socket.set_option(asio::socket_base::send_buffer_size(loopbackSendBuffer), ignored);
    if (options.noDelay) socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    if (options.keepAlive) socket.set_option(asio::socket_base::keep_alive(true), ignored);
}

void applyOptions(StreamAcceptor& acceptor, const SocketOptions& options) noexcept {
    applyBufferSizes(acceptor, options);
}

}  // namespace tempeh::transport

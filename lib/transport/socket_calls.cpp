#include "transport/socket_calls.hpp"

#include "transport/descriptor_calls.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/socket_base.hpp>

#include <new>

namespace tempeh::transport {

namespace {

/// Hands the descriptor to the socket. Closes it when that fails: Asio may have no memory to watch it.
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

template <typename Socket>
void applySizes(Socket& socket, const SocketOptions& options) noexcept {
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

void assignSocket(StreamSocket& socket, int family, Descriptor descriptor, error_code& ec) noexcept {
    assign(socket, family, descriptor, ec);
}

void assignSocket(StreamAcceptor& acceptor, int family, Descriptor descriptor, error_code& ec) noexcept {
    assign(acceptor, family, descriptor, ec);
}

void acceptOnce(StreamAcceptor& acceptor, StreamSocket& accepted, StreamEndpoint& peer, error_code& ec) {
    const Descriptor descriptor = acceptDescriptor(acceptor.native_handle(), peer, ec);
    if (!ec) assign(accepted, peer.protocol().family(), descriptor, ec);
}

void applyBufferSizes(StreamSocket& socket, const SocketOptions& options) noexcept {
    applySizes(socket, options);
}

void applyBufferSizes(StreamAcceptor& acceptor, const SocketOptions& options) noexcept {
    applySizes(acceptor, options);
}

}  // namespace tempeh::transport

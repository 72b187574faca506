#include "transport/tcp/tcp_stream.hpp"

#include "transport/socket_calls.hpp"
#include "transport/tcp/tcp_endpoint.hpp"

#include <utility>

namespace tempeh::transport {

namespace {

StreamInfo infoOfTcp(StreamSocket& socket, const StreamEndpoint& peer) {
    error_code ignored;
    const StreamEndpoint local = socket.local_endpoint(ignored);
    return {.transport = tempeh::Transport::Tcp,
            .localAddress = tcpText(local),
            .peerAddress = tcpText(peer),
            .peerCredentials = {}};
}

}  // namespace

TcpStream::TcpStream(StreamSocket socket, const StreamEndpoint& peer)
    : SocketStream(std::move(socket), peer, &infoOfTcp, true) {}

void TcpStream::acknowledgeNow() noexcept {
    if (isOpen()) sendAcknowledgement(descriptor());
}

bool TcpStream::hasUnsent() const noexcept {
    return isOpen() && unsentBytes(descriptor()) != 0;
}

TcpStream::TcpStream(StreamSocket socket, StreamInfo info, const StreamTraits& traits)
    : SocketStream(std::move(socket), std::move(info), traits) {}

SocketStream::Rebuild TcpStream::rebuild() const noexcept {
    return [](StreamSocket socket, StreamInfo info, const StreamTraits& traits) -> std::unique_ptr<Stream> {
        return std::make_unique<TcpStream>(std::move(socket), std::move(info), traits);
    };
}

std::string TcpStream::peerIdentity() const {
    const std::string& peer = info().peerAddress;
    return peer.substr(0, peer.rfind('|'));
}

}  // namespace tempeh::transport

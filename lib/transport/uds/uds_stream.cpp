#include "transport/uds/uds_stream.hpp"

#include "transport/uds/peer_credentials.hpp"
#include "transport/uds/uds_endpoint.hpp"

#include <utility>

namespace tempeh::transport {

namespace {

StreamInfo infoOfUds(StreamSocket& socket, const StreamEndpoint& peer) {
    error_code ignored;
    const StreamEndpoint local = socket.local_endpoint(ignored);
    return {.transport = tempeh::Transport::Uds,
            .localAddress = unixText(local),
            .peerAddress = unixText(peer),
            .peerCredentials = peerCredentialsOf(socket.native_handle())};
}

}  // namespace

UdsStream::UdsStream(StreamSocket socket, const StreamEndpoint& peer)
    : SocketStream(std::move(socket), peer, &infoOfUds) {}

UdsStream::UdsStream(StreamSocket socket, StreamInfo info, const StreamTraits& traits)
    : SocketStream(std::move(socket), std::move(info), traits) {}

SocketStream::Rebuild UdsStream::rebuild() const noexcept {
    return [](StreamSocket socket, StreamInfo info, const StreamTraits& traits) -> std::unique_ptr<Stream> {
        return std::make_unique<UdsStream>(std::move(socket), std::move(info), traits);
    };
}

std::string UdsStream::peerIdentity() const {
    const std::optional<PeerCredentials>& credentials = info().peerCredentials;
    return credentials ? "uid " + std::to_string(credentials->uid) : "uds";
}

}  // namespace tempeh::transport

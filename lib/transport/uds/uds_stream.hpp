#pragma once

#include "transport/socket_stream.hpp"

#include <string>

namespace tempeh::transport {

/// A connection over a Unix socket.
class UdsStream final : public SocketStream {
public:
    /// `peer` is the address connected to, or the one accept() returned.
    UdsStream(StreamSocket socket, const StreamEndpoint& peer);
    /// Takes over a detached socket.
    UdsStream(StreamSocket socket, StreamInfo info, const StreamTraits& traits);

    /// Always false: written data is in the peer's queue at once.
    bool hasUnsent() const noexcept override { return false; }
    /// The peer's user, on systems that tell.
    std::string peerIdentity() const override;

private:
    Rebuild rebuild() const noexcept override;
};

}  // namespace tempeh::transport

#pragma once

#include "transport/socket_stream.hpp"

#include <string>

namespace tempeh::transport {

/// A TCP connection.
class TcpStream final : public SocketStream {
public:
    /// `peer` is the address connected to, or the one accept() returned.
    TcpStream(StreamSocket socket, const StreamEndpoint& peer);
    /// Takes over a detached socket.
    TcpStream(StreamSocket socket, StreamInfo info, const StreamTraits& traits);

    void acknowledgeNow() noexcept override;
    bool hasUnsent() const noexcept override;
    /// The peer's address without the port.
    std::string peerIdentity() const override;

private:
    Rebuild rebuild() const noexcept override;
};

}  // namespace tempeh::transport

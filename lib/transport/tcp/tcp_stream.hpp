#pragma once

#include "transport/socket_stream.hpp"

#include <string>

namespace tempeh::transport {

/// A TCP connection.
class TcpStream final : public SocketStream {
public:
    /// `peer` is the address connected to, or the one accept() returned.
    TcpStream(StreamSocket socket, const StreamEndpoint& peer);

    void acknowledgeNow() noexcept override;
    bool hasUnsent() const noexcept override;
    /// The peer's address without the port.
    std::string peerIdentity() const override;
};

}  // namespace tempeh::transport

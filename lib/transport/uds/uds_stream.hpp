#pragma once

#include "transport/socket_stream.hpp"

#include <string>

namespace tempeh::transport {

/// A connection over a Unix socket.
class UdsStream final : public SocketStream {
public:
    /// `peer` is the address connected to, or the one accept() gave.
    UdsStream(StreamSocket socket, const StreamEndpoint& peer);

    /// Never: what is written is in the peer's queue at once.
    bool hasUnsent() const noexcept override { return false; }
    /// Its user, where the system tells.
    std::string peerIdentity() const override;
};

}  // namespace tempeh::transport

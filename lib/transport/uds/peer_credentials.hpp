#pragma once

#include "transport/socket_types.hpp"

#include <tempeh/transport/credentials.hpp>

#include <optional>

namespace tempeh::transport {

/// The credentials of the peer of a connected Unix socket; empty where the system does not provide them.
std::optional<PeerCredentials> peerCredentialsOf(Descriptor descriptor) noexcept;

}  // namespace tempeh::transport

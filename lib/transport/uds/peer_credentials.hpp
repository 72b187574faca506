#pragma once

#include "transport/socket_types.hpp"

#include <tempeh/transport/credentials.hpp>

#include <optional>

namespace tempeh::transport {

/// Who is at the other end of a connected Unix socket; nothing where the system does not say.
std::optional<PeerCredentials> peerCredentialsOf(Descriptor descriptor) noexcept;

}  // namespace tempeh::transport

#pragma once

#include <tempeh/transport/credentials.hpp>

#include <optional>

namespace tempeh::transport {

/// Who is at the other end of a connected Unix socket; nothing where the system does not say.
std::optional<PeerCredentials> peerCredentialsOf(int descriptor) noexcept;

}  // namespace tempeh::transport

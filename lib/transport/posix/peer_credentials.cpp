#include "transport/uds/peer_credentials.hpp"

#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

namespace tempeh::transport {

std::optional<PeerCredentials> peerCredentialsOf(Descriptor descriptor) noexcept {
    PeerCredentials credentials;
#if defined(__linux__)
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
    credentials.pid = peer.pid;
    credentials.uid = peer.uid;
    credentials.gid = peer.gid;
#else
    uid_t uid = 0;
    gid_t gid = 0;
    if (::getpeereid(descriptor, &uid, &gid) != 0) return std::nullopt;
    credentials.uid = uid;
    credentials.gid = gid;
#endif
    return credentials;
}

}  // namespace tempeh::transport

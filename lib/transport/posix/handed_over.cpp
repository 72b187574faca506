#include "transport/fd/handed_over.hpp"

#include "transport/posix/last_error.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tempeh::transport {

namespace {

/// A socket option that is a number; sets `ec` when it cannot be read.
int optionOf(int descriptor, int option, error_code& ec) noexcept {
    int value = 0;
    socklen_t size = sizeof value;
    if (::getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0) return value;
    if (errno == EBADF)
        ec = make_error_code(HandOver::NotOpen);
    else
        ec = errno == ENOTSOCK ? make_error_code(HandOver::NotASocket) : lastError();
    return value;
}

}  // namespace

int checkHandedOver(Descriptor descriptor, SocketRole role, error_code& ec) noexcept {
    ec.clear();
    const int type = optionOf(descriptor, SO_TYPE, ec);
    if (ec) return 0;
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        ec = lastError();
        return 0;
    }
    const int family = address.ss_family;
    const bool isListening = optionOf(descriptor, SO_ACCEPTCONN, ec) != 0;
    size = sizeof address;
    const bool isConnected = ::getpeername(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    if (type != SOCK_STREAM)
        ec = make_error_code(HandOver::NotAStream);
    else if (family != AF_INET && family != AF_INET6 && family != AF_UNIX)
        ec = make_error_code(HandOver::UnknownFamily);
    else if (role == SocketRole::Listening && !isListening)
        ec = make_error_code(HandOver::NotListening);
    else if (role == SocketRole::Connected && isListening)
        ec = make_error_code(HandOver::Listening);
    else if (role == SocketRole::Connected && !isConnected)
        ec = make_error_code(HandOver::NotConnected);
    return family;
}

Descriptor takeOver(Descriptor descriptor, error_code& ec) noexcept {
    ec.clear();
    const int flags = ::fcntl(descriptor, F_GETFL);
    const int own = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    if (flags < 0 || own < 0 || ::fcntl(own, F_SETFL, flags | O_NONBLOCK) != 0) {
        ec = lastError();
        if (own >= 0) ::close(own);
        return own;
    }
    ::close(descriptor);
    return own;
}

}  // namespace tempeh::transport

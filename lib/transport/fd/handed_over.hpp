#pragma once

#include "transport/socket_calls.hpp"
#include "transport/socket_types.hpp"

#include <tempeh/message/status.hpp>

#include <cstdint>
#include <string_view>

/// Descriptors that another process, or another part of this one, has opened.
namespace tempeh::transport {

/// What is wrong with such a descriptor. The texts are for the person who set it up.
enum class HandOver : std::uint8_t {
    NotOpen = 1,
    NotASocket,
    NotAStream,
    NotListening,
    NotConnected,
    Listening,
    UnknownFamily,
    NotActivated,
    OtherProcess,
    NoSuchName,
};

error_code make_error_code(HandOver fault) noexcept;

enum class SocketRole : std::uint8_t { Listening, Connected };

/// The descriptor that `place` names: its number, or a name of systemd's (LISTEN_FDS, LISTEN_FDNAMES,
/// LISTEN_PID in the environment).
Descriptor descriptorOf(std::string_view place, error_code& ec);

/// Checks that it is a stream socket in this role, and of a family that can be used; returns the family. One
/// implementation for each kind of system (posix/, windows/).
int checkHandedOver(Descriptor descriptor, SocketRole role, error_code& ec) noexcept;

/// Moves the socket to a descriptor of the library's own, non-blocking and not inherited by child processes;
/// the old number is closed, so that nobody else uses it too. On failure it stays as it was. Implemented as
/// above.
Descriptor takeOver(Descriptor descriptor, error_code& ec) noexcept;

/// Gives the socket or acceptor the descriptor that `place` names, if it is one of this role.
template <typename Socket>
void adoptInto(Socket& socket, std::string_view place, SocketRole role, error_code& ec) {
    const Descriptor descriptor = descriptorOf(place, ec);
    if (ec) return;
    const int family = checkHandedOver(descriptor, role, ec);
    if (ec) return;
    const Descriptor own = takeOver(descriptor, ec);
    if (!ec) assignSocket(socket, family, own, ec);
}

}  // namespace tempeh::transport

#include "transport/scheme.hpp"

#include "transport/fd/fd_transport.hpp"
#include "transport/mem/mem_transport.hpp"
#include "transport/tcp/tcp_transport.hpp"
#include "transport/uds/uds_transport.hpp"

#include <array>
#include <atomic>

namespace tempeh::transport {

namespace {

/// The built-in transports. (They do not register themselves: a linker drops unreferenced objects of a static
/// library.)
const std::array<const Scheme*, 4> builtIn{&tcpTransport, &udsTransport, &memTransport, &fdTransport};

/// The transport added last. Transports are never removed, so reading the list needs no lock.
constinit std::atomic<Scheme*> newest{nullptr};

}  // namespace

bool addTransport(Scheme& scheme) noexcept {
    if (!wire::addScheme(scheme.addresses_)) return false;
    scheme.next_ = newest.load(std::memory_order_acquire);
    while (!newest.compare_exchange_weak(scheme.next_, &scheme, std::memory_order_acq_rel))
        continue;
    return true;
}

const Scheme* findTransport(std::string_view name) noexcept {
    for (const Scheme* scheme : builtIn)
        if (scheme->name() == name) return scheme;
    const Scheme* scheme = newest.load(std::memory_order_acquire);
    while (scheme != nullptr && scheme->name() != name)
        scheme = scheme->next_;
    return scheme;
}

tempeh::Transport kindOf(const Address& address) noexcept {
    const Scheme* const scheme = findTransport(wire::schemeOf(address));
    return scheme != nullptr ? scheme->kind() : tempeh::Transport::Other;
}

}  // namespace tempeh::transport

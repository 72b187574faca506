#pragma once

#include "options.hpp"

#include <cstddef>
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdexcept>
#include <string>

/// nng: PAIR for two peers, raw REP with one REQ socket per connection where there are many.
namespace bench::nng_peer {

void serve(const Options& options);
void drive(const Options& options);
void handOver(const Options& options);

inline void check(int result, const char* what) {
    if (result != 0) throw std::runtime_error(std::string(what) + ": " + nng_strerror(result));
}

/// Each connection a socket of its own: PAIR holds one peer only.
inline bool isShared(const Options& options) {
    return options.connections > 1 || options.workload == Workload::Setup;
}

inline std::string urlOf(const Address& address) {
    return address.uds ? "ipc://" + address.path
                       : "tcp://" + address.host + ":" + std::to_string(address.port);
}

/// Deep enough that the two sides do not wait for each other at every message.
inline void setDepth(nng_socket socket) {
    nng_socket_set_int(socket, NNG_OPT_SENDBUF, 4096);
    nng_socket_set_int(socket, NNG_OPT_RECVBUF, 4096);
}

inline std::byte* bodyOf(nng_msg* message) {
    return static_cast<std::byte*>(nng_msg_body(message));
}

}  // namespace bench::nng_peer

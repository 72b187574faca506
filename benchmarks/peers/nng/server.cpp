#include "common.hpp"
#include "program.hpp"
#include "responder.hpp"

#include <cstdlib>
#include <cstring>

namespace bench::nng_peer {

void serve(const Options& options) {
    nng_socket socket{};
    // Raw REP hands out the message with its way back in the header, so one loop serves every connection.
    check(isShared(options) ? nng_rep0_open_raw(&socket) : nng_pair0_open(&socket), "open");
    setDepth(socket);
    nng_listener listener{};
    check(nng_listen(socket, urlOf(options.address).c_str(), &listener, 0), "listen");
    Address bound = options.address;
    if (!bound.uds) {
        int port = 0;
        check(nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port), "bound port");
        bound.port = static_cast<std::uint16_t>(port);
    }
    Responder responder(options);
    responder.ready(bound);
    onStdinEnd([&responder] {
        responder.report();
        std::_Exit(0);
    });
    for (;;) {
        nng_msg* message = nullptr;
        check(nng_recvmsg(socket, &message, 0), "recvmsg");
        const Action action = responder.onMessage(bodyOf(message), nng_msg_len(message));
        if (action == Action::Absorb) {
            nng_msg_free(message);
            continue;
        }
        if (action == Action::Summarize) {
            const Summary summary = responder.summary();
            nng_msg_clear(message);
            check(nng_msg_append(message, &summary, sizeof summary), "append");
        }
        check(nng_sendmsg(socket, message, 0), "sendmsg");
    }
}

}  // namespace bench::nng_peer

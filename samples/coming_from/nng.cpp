// The conversation of docs/coming_from with nng.

#include <algorithm>
#include <iostream>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <string>
#include <thread>
#include <unistd.h>

// In a thread of its own, until the socket is closed.
void serve(nng_socket socket) {
    for (;;) {
        nng_msg* message = nullptr;
        if (nng_recvmsg(socket, &message, 0) != 0) return;
        char* text =
            static_cast<char*>(nng_msg_body(message));
        std::reverse(text, text + nng_msg_len(message));
        if (nng_sendmsg(socket, message, 0) != 0)
            nng_msg_free(message);
    }
}

std::string ask(const char* address) {
    nng_socket socket;
    nng_req0_open(&socket);
    nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, 5000);
    // Sent again every minute unless this says otherwise.
    nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME,
                      NNG_DURATION_INFINITE);
    if (const int error =
            nng_dial(socket, address, nullptr, 0)) {
        nng_close(socket);
        return nng_strerror(error);
    }

    nng_msg* message = nullptr;
    nng_msg_alloc(&message, 0);
    nng_msg_append(message, "stressed", 8);
    if (nng_sendmsg(socket, message, 0) != 0)
        nng_msg_free(message);

    std::string answer = "no answer in 5 s";
    if (nng_recvmsg(socket, &message, 0) == 0) {
        answer.assign(
            static_cast<char*>(nng_msg_body(message)),
            nng_msg_len(message));
        nng_msg_free(message);
    }
    nng_close(socket);
    return answer;
}

int main() {
    const std::string address = "abstract://coming_from_" +
                                std::to_string(::getpid());
    nng_socket socket;
    nng_rep0_open(&socket);
    nng_listen(socket, address.c_str(), nullptr, 0);
    std::thread server(serve, socket);
    std::cout << ask(address.c_str()) << '\n';
    nng_close(socket);
    server.join();
}

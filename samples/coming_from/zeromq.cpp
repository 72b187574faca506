// The conversation of docs/coming_from with ZeroMQ.

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <string>
#include <thread>
#include <zmq.h>

// In a thread of its own, until the context ends.
void serve(void* socket) {
    char text[256];
    for (;;) {
        const int size =
            zmq_recv(socket, text, sizeof text, 0);
        if (size < 0) break;  // ETERM: the context ends
        // A longer message was cut off without a word.
        const std::size_t length = std::min(
            sizeof text, static_cast<std::size_t>(size));
        std::reverse(text, text + length);
        zmq_send(socket, text, length, 0);
    }
    zmq_close(socket);
}

std::string ask(void* context, const char* address) {
    void* socket = zmq_socket(context, ZMQ_REQ);
    const int timeout = 5000, on = 1, linger = 0;
    zmq_setsockopt(socket, ZMQ_RCVTIMEO, &timeout,
                   sizeof timeout);
    // Without these two a REQ socket that got no answer
    // may not ask again, and takes a late answer for that
    // of its next question.
    zmq_setsockopt(socket, ZMQ_REQ_RELAXED, &on, sizeof on);
    zmq_setsockopt(socket, ZMQ_REQ_CORRELATE, &on,
                   sizeof on);
    // Else the context waits for a server that is not
    // there.
    zmq_setsockopt(socket, ZMQ_LINGER, &linger,
                   sizeof linger);
    zmq_connect(socket, address);  // comes back at once

    zmq_send(socket, "stressed", 8, 0);
    char text[256];
    const int size = zmq_recv(socket, text, sizeof text, 0);
    zmq_close(socket);
    if (size < 0) return "no answer in 5 s";
    return {text, std::min(sizeof text,
                           static_cast<std::size_t>(size))};
}

int main() {
    void* context = zmq_ctx_new();
    void* socket = zmq_socket(context, ZMQ_REP);
    zmq_bind(socket, "tcp://127.0.0.1:*");
    char address[256];
    std::size_t size = sizeof address;
    zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, address,
                   &size);

    std::thread server(serve, socket);
    std::cout << ask(context, address) << '\n';
    zmq_ctx_shutdown(context);
    server.join();
    zmq_ctx_term(context);
}

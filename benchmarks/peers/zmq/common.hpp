#pragma once

#include "options.hpp"

#include <cerrno>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <zmq.h>

namespace bench::zeromq {

inline void check(int result, const char* what) {
    if (result < 0) throw std::runtime_error(std::string(what) + ": " + zmq_strerror(zmq_errno()));
}

class Part {
public:
    Part() { zmq_msg_init(&message_); }
    explicit Part(std::size_t size) { check(zmq_msg_init_size(&message_, size), "zmq_msg_init_size"); }
    ~Part() { zmq_msg_close(&message_); }
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;

    std::byte* data() { return static_cast<std::byte*>(zmq_msg_data(&message_)); }
    std::size_t size() const { return zmq_msg_size(&message_); }
    void receive(void* socket) { check(zmq_msg_recv(&message_, socket, 0), "zmq_msg_recv"); }
    /// False: there is none now.
    bool tryReceive(void* socket) {
        if (zmq_msg_recv(&message_, socket, ZMQ_DONTWAIT) >= 0) return true;
        if (zmq_errno() != EAGAIN) check(-1, "zmq_msg_recv");
        return false;
    }
    void send(void* socket, int flags = 0) { check(zmq_msg_send(&message_, socket, flags), "zmq_msg_send"); }

private:
    zmq_msg_t message_{};
};

class Socket {
public:
    Socket(void* context, int type) : socket_(zmq_socket(context, type)) {
        if (socket_ == nullptr) throw std::runtime_error("zmq_socket");
        set(ZMQ_LINGER, 0);
        set(ZMQ_BACKLOG, 4096);
    }
    ~Socket() { zmq_close(socket_); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    void set(int option, int value) {
        check(zmq_setsockopt(socket_, option, &value, sizeof value), "zmq_setsockopt");
    }
    /// Before it is bound or connected. Else both sides wait for ever when a burst fills their queues.
    void queueWithoutLimit() {
        set(ZMQ_SNDHWM, 0);
        set(ZMQ_RCVHWM, 0);
    }
    void* get() { return socket_; }

private:
    void* socket_;
};

inline void* newContext() {
    void* context = zmq_ctx_new();
    zmq_ctx_set(context, ZMQ_MAX_SOCKETS, 20000);
    return context;
}

/// PAIR to PAIR inside the process.
void handOver(const Options& options);

}  // namespace bench::zeromq

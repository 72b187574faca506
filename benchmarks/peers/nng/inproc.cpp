#include "common.hpp"
#include "handover.hpp"

namespace bench::nng_peer {
namespace {

/// One half of a PAIR inside the process.
class Endpoint {
public:
    explicit Endpoint(bool listens) {
        check(nng_pair0_open(&socket_), "open");
        setDepth(socket_);
        check(listens ? nng_listen(socket_, kUrl, nullptr, 0) : nng_dial(socket_, kUrl, nullptr, 0), kUrl);
    }
    ~Endpoint() {
        nng_msg_free(received_);
        nng_close(socket_);
    }
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;

    template <typename Write>
    void send(std::size_t size, Write&& write) {
        nng_msg* message = nullptr;
        check(nng_msg_alloc(&message, size), "msg_alloc");
        write(bodyOf(message));
        check(nng_sendmsg(socket_, message, 0), "sendmsg");
    }
    std::span<std::byte> receive() {
        nng_msg_free(received_);
        received_ = nullptr;
        check(nng_recvmsg(socket_, &received_, 0), "recvmsg");
        return {bodyOf(received_), nng_msg_len(received_)};
    }
    void echo() {
        check(nng_sendmsg(socket_, received_, 0), "sendmsg");
        received_ = nullptr;
    }

private:
    static constexpr const char* kUrl = "inproc://handover";

    nng_socket socket_{};
    nng_msg* received_ = nullptr;
};

}  // namespace

void handOver(const Options& options) {
    Endpoint answering(true);
    Endpoint asking(false);
    handOverBetweenThreads(options, asking, answering);
}

}  // namespace bench::nng_peer

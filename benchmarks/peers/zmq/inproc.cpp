#include "common.hpp"
#include "handover.hpp"

namespace bench::zeromq {
namespace {

class Endpoint {
public:
    Endpoint(void* context, bool binds) : socket_(context, ZMQ_PAIR) {
        check(binds ? zmq_bind(socket_.get(), kUrl) : zmq_connect(socket_.get(), kUrl), kUrl);
    }

    template <typename Write>
    void send(std::size_t size, Write&& write) {
        Part body(size);
        write(body.data());
        body.send(socket_.get());
    }
    std::span<std::byte> receive() {
        received_.receive(socket_.get());
        return {received_.data(), received_.size()};
    }
    void echo() { received_.send(socket_.get()); }

private:
    static constexpr const char* kUrl = "inproc://handover";

    Socket socket_;
    Part received_;
};

}  // namespace

void handOver(const Options& options) {
    void* context = newContext();
    Endpoint answering(context, true);
    Endpoint asking(context, false);
    handOverBetweenThreads(options, asking, answering);
}

}  // namespace bench::zeromq

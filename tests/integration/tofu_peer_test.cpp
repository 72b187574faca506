// A peer that writes as tofu does: header, text headers and body one by one, with Nagle's algorithm on.

#include "support/engine_fixture.hpp"
#include "support/raw_peer.hpp"

namespace tempeh::test {
namespace {

class TofuPeer {
public:
    explicit TofuPeer(std::uint16_t port) : TofuPeer(port, raw::makeTcpSocket()) {}

    void send(const raw::Frame& frame) {
        const Bytes bytes = frame.bytes();
        const std::span<const std::byte> all(bytes);
        const std::size_t body = all.size() - frame.body.size();
        peer_.send(all.first(BinaryHeader::wireSize));
        peer_.send(all.subspan(BinaryHeader::wireSize, body - BinaryHeader::wireSize));
        peer_.send(all.subspan(body));
    }
    raw::Peer* operator->() { return &peer_; }

private:
    TofuPeer(std::uint16_t port, raw::Descriptor socket)
        : descriptor_(socket.get()), peer_(raw::Peer::connectTo(port, std::move(socket))) {
        const int off = 0;
        ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &off, sizeof off);
    }

    int descriptor_;
    raw::Peer peer_;
};

/// The kernel acknowledges the first part of a frame after 40 ms when nobody tells it to, and the peer's
/// kernel sends the rest after that: such a batch takes 800 ms at least, on any machine. Told, it takes a few
/// milliseconds when the machine has time; one batch in many is enough.
TEST(TofuPeer, IsNotKeptWaitingForAnAcknowledgement) {
    constexpr int batches = 20;
    constexpr int roundTrips = 20;
    constexpr auto quick = roundTrips * 20ms;
    Side server;
    const Listening listening = server->listen(localTcp());
    TofuPeer peer(std::get<TcpServerAddress>(listening.bound).port);
    peer.send({.proto = 3, .id = 1, .headers = "app:x\r\n"});
    server->acceptHello();
    peer->receive(BinaryHeader::wireSize + 7);
    for (int batch = 0; batch < batches; ++batch) {
        const TimePoint start = std::chrono::steady_clock::now();
        for (int i = 0; i < roundTrips; ++i) {
            peer.send({.proto = 0, .id = 2, .headers = "job:1\r\n", .body = "body"});
            MessagePtr request = server->next(OpCode::Request);
            EXPECT_EQ(request->body.view(), "body");
            request->header.opCode = OpCode::Response;
            server->post(std::move(request));
            peer->receive(BinaryHeader::wireSize + 7 + 4);
        }
        if (std::chrono::steady_clock::now() - start < quick) return;
    }
    FAIL() << "every batch took longer than " << quick / 1ms << " ms";
}

}  // namespace
}  // namespace tempeh::test

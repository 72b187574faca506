// Peers that go without a word: half-open connections, and resets in every state.

#include "hostile/table.hpp"

namespace tempeh::test::hostile {

namespace {

const raw::Frame request{.proto = 0, .id = 7, .headers = "a:1\r\n", .body = "body"};

void sendPart(raw::Peer& peer, const raw::Frame& frame, std::size_t size) {
    const Bytes bytes = frame.bytes();
    peer.send(std::span(bytes).first(size));
}

const Options smallQueue{.helloTimeout = patience,
                         .sendQueueMessages = 64,
                         .byeTimeout = patience,
                         .sendBufferBytes = 16 * 1024,
                         .frameTimeout = patience};

std::vector<Case> halfOpenPeers() {
    return {
        {"HalfOpenBeforeTheHello", "ends its direction before a HelloRequest", false, Sees::Nothing, "", "",
         nullptr, [](Scene&, raw::Peer& peer) { peer.shutdownSend(); }},
        {"HalfOpen", "ends its direction and goes on reading", true, Sees::Closed, "PeerDisconnected",
         "the peer closed the connection", nullptr, [](Scene&, raw::Peer& peer) { peer.shutdownSend(); }},
        {"HalfOpenInAFrame", "ends its direction in the middle of a frame", true, Sees::Closed,
         "PeerDisconnected", "the peer closed the connection (in the middle of a frame)", nullptr,
         [](Scene&, raw::Peer& peer) {
             sendPart(peer, request, 18);
             peer.shutdownSend();
         }},
        {"HalfOpenWhileWeWrite", "ends its direction while its queue here is full", true, Sees::Closed,
         "PeerDisconnected", "the peer closed the connection", nullptr,
         [](Scene& scene, raw::Peer& peer) {
             EXPECT_GT(scene.server.fillQueue(scene.channel), 0U);
             peer.shutdownSend();
         },
         smallQueue},
    };
}

std::vector<Case> earlyResets() {
    return {
        {"ResetBeforeTheHello", "resets the connection (RST) before a HelloRequest", false, Sees::Nothing, "",
         "", nullptr, [](Scene&, raw::Peer& peer) { peer.reset(); }},
        {"ResetInTheHello", "resets it in the middle of its HelloRequest", false, Sees::Nothing, "", "",
         nullptr,
         [](Scene&, raw::Peer& peer) {
             sendPart(peer, raw::helloRequest(), 20);
             peer.reset();
         }},
        {"ResetAfterTheHello", "resets it after the hello", true, Sees::Closed, "PeerDisconnected",
         "the peer closed the connection", nullptr, [](Scene&, raw::Peer& peer) { peer.reset(); }},
        {"ResetInAFrame", "resets it in the middle of a frame", true, Sees::Closed, "PeerDisconnected",
         "the peer closed the connection", nullptr,
         [](Scene&, raw::Peer& peer) {
             sendPart(peer, request, 18);
             peer.reset();
         }},
        {"ResetWhileWeWrite", "resets it while its queue here is full", true, Sees::Closed,
         "PeerDisconnected", "the peer closed the connection", nullptr,
         [](Scene& scene, raw::Peer& peer) {
             EXPECT_GT(scene.server.fillQueue(scene.channel), 0U);
             peer.reset();
         },
         smallQueue},
    };
}

std::vector<Case> lateResets() {
    return {
        {"ResetAfterOurBye", "resets it instead of answering a ByeRequest", true, Sees::Closed,
         "PeerDisconnected", "the peer closed the connection", nullptr,
         [](Scene& scene, raw::Peer& peer) {
             scene.server.post(OpCode::ByeRequest, scene.channel);
             EXPECT_EQ(peer.receive(16).size(), 16U);
             peer.reset();
         }},
        {"ResetAfterItsBye", "sends a ByeRequest and resets it before the answer", true, Sees::Closed, "", "",
         nullptr,
         [](Scene& scene, raw::Peer& peer) {
             peer.send(raw::Frame{.proto = 5, .id = 9}.bytes());
             EXPECT_EQ(scene.server.next().opCode, OpCode::ByeRequest);
             peer.reset();
         }},
    };
}

}  // namespace

std::vector<Case> lostPeers() {
    std::vector<Case> cases = halfOpenPeers();
    for (std::vector<Case> more : {earlyResets(), lateResets()})
        std::ranges::move(more, std::back_inserter(cases));
    return cases;
}

}  // namespace tempeh::test::hostile

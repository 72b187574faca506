// Peers that are slow, silent, or stop halfway.

#include "hostile/table.hpp"

namespace tempeh::test::hostile {

namespace {

const Options hastyHello{.helloTimeout = 2s, .frameTimeout = patience};
const Options hastyFrame{.helloTimeout = patience, .frameTimeout = 200ms};
const Options hastyWrite{.helloTimeout = patience,
                         .sendQueueMessages = 64,
                         .sendBufferBytes = 16 * 1024,
                         .frameTimeout = patience,
                         .writeTimeout = 200ms};

/// Byte by byte until the other side has enough of it.
void drip(raw::Peer& peer, const Bytes& bytes) {
    for (std::size_t sent = 0; sent < bytes.size() && peer.trySend(std::span(bytes).subspan(sent, 1)); ++sent)
        std::this_thread::sleep_for(5ms);
}

/// All of the answer but its last bytes.
void sendPartOf(raw::Peer& peer, const raw::Frame& frame, std::size_t size) {
    const Bytes bytes = frame.bytes();
    peer.send(std::span(bytes).first(size));
}

const raw::Frame longHello{.proto = 3, .headers = std::string(60'000, 'x')};
const raw::Frame longFrame{.proto = 2, .body = std::string(60'000, 'x')};

}  // namespace

std::vector<Case> slowPeers() {
    const auto hellos = &EngineStats::helloTimeouts;
    const auto frames = &EngineStats::frameTimeouts;
    return {
        {"SilenceAfterAccept", "connects and says nothing", false, Sees::Nothing, "", "", hellos,
         [](Scene&, raw::Peer&) {}, hastyHello},
        {"SilenceInTheHello", "stops in the middle of its HelloRequest", false, Sees::Nothing, "", "", hellos,
         [](Scene&, raw::Peer& peer) { sendPartOf(peer, raw::helloRequest(), 20); }, hastyHello},
        {"SlowHello", "sends its HelloRequest byte by byte", false, Sees::Nothing, "", "", hellos,
         [](Scene&, raw::Peer& peer) { drip(peer, longHello.bytes()); }, hastyHello},
        {"SlowFrame", "sends a frame byte by byte", true, Sees::Closed, "CommunicationFailed",
         "a frame made no progress within frameTimeout", frames,
         [](Scene&, raw::Peer& peer) { drip(peer, longFrame.bytes()); }, hastyFrame},
        {"StopsInAHeader", "stops in the middle of a frame's header", true, Sees::Closed,
         "CommunicationFailed", "(7 bytes of it received)", frames,
         [](Scene&, raw::Peer& peer) { sendPartOf(peer, longFrame, 7); }, hastyFrame},
        {"StopsInABody", "stops in the middle of a frame's body", true, Sees::Closed, "CommunicationFailed",
         "(59000 bytes of it received)", frames,
         [](Scene&, raw::Peer& peer) { sendPartOf(peer, longFrame, 59'000); }, hastyFrame},
        {"HugeLengths", "announces 128 KiB that never come", true, Sees::Closed, "CommunicationFailed",
         "a frame made no progress within frameTimeout (16 bytes of it received)", frames,
         [](Scene&, raw::Peer& peer) {
             peer.send(raw::Frame{.proto = 0, .headersLength = 65'535, .bodyLength = 65'535}.bytes());
         },
         hastyFrame},
        {"DoesNotRead", "does not read what it is sent, with a `writeTimeout`", true, Sees::Closed,
         "CommunicationFailed", "the peer accepted no data within writeTimeout", &EngineStats::writeTimeouts,
         [](Scene& scene, raw::Peer&) { EXPECT_GT(scene.server.fillQueue(scene.channel), 0U); }, hastyWrite},
        {"IsSilentForLong", "is silent between two frames, however long", true, Sees::Messages, "", "",
         nullptr,
         [](Scene& scene, raw::Peer& peer) {
             // Until a channel that was opened later has been found to be too slow.
             const ChannelNumber channel = scene.channel;
             raw::Peer slow = scene.connectAndSayHello();
             sendPartOf(slow, longFrame, 100);
             EXPECT_EQ(scene.server.nextClosed().channel, scene.channel);
             scene.channel = channel;
             peer.send(raw::Frame{.proto = 2, .body = "still here"}.bytes());
             EXPECT_EQ(scene.server.next().body, "still here");
         },
         hastyFrame},
        {"SlowButNotTooSlow", "sends a frame slowly, but at least 1 KiB in each `frameTimeout`", true,
         Sees::Messages, "", "", nullptr,
         [](Scene& scene, raw::Peer& peer) {
             const Bytes bytes = longFrame.bytes();
             for (std::size_t sent = 0; sent < bytes.size(); sent += 1000) {
                 peer.send(std::span(bytes).subspan(sent, std::min<std::size_t>(1000, bytes.size() - sent)));
                 std::this_thread::sleep_for(40ms);
             }
             EXPECT_EQ(scene.server.next().body, longFrame.body);
             EXPECT_EQ(scene.server.stats().frameTimeouts, 0U);
         },
         Options{.helloTimeout = patience, .frameTimeout = 1s}},
    };
}

}  // namespace tempeh::test::hostile

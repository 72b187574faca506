// Peers that send what no peer may send, or what nobody asked for.

#include "hostile/table.hpp"
#include "support/hostile_inputs.hpp"

namespace tempeh::test::hostile {

namespace {

const auto violations = &EngineStats::violations;
constexpr const char* broke = "the peer broke the protocol";

Case first(std::string name, std::string input, Bytes bytes) {
    return {std::move(name),
            "first of all: " + input,
            false,
            Sees::Nothing,
            "",
            "",
            violations,
            [bytes = std::move(bytes)](Scene&, raw::Peer& peer) { peer.trySend(bytes); }};
}

Case later(std::string name, std::string input, Bytes bytes, std::string status) {
    return {std::move(name),
            "behind its hello: " + input,
            true,
            Sees::Closed,
            std::move(status),
            broke,
            violations,
            [bytes = std::move(bytes)](Scene&, raw::Peer& peer) { peer.trySend(bytes); }};
}

Case halfFrame(std::string name, std::string input, Bytes bytes) {
    return {std::move(name),
            "behind its hello: " + input,
            true,
            Sees::Closed,
            "CommunicationFailed",
            "a frame made no progress within frameTimeout",
            &EngineStats::frameTimeouts,
            [bytes = std::move(bytes)](Scene&, raw::Peer& peer) { peer.send(bytes); },
            {.helloTimeout = patience, .frameTimeout = 200ms}};
}

/// A message that is delivered, and nothing happens.
Case harmless(std::string name, std::string input, raw::Frame frame, std::string body) {
    return {std::move(name),
            "behind its hello: " + input,
            true,
            Sees::Messages,
            "",
            "",
            nullptr,
            [frame = std::move(frame), body = std::move(body)](Scene& scene, raw::Peer& peer) {
                peer.send(frame.bytes());
                const Seen seen = scene.server.next();
                EXPECT_EQ(seen.body, body);
                EXPECT_FALSE(seen.isFromEngine);
            }};
}

std::string number(unsigned value) {
    return std::to_string(value);
}

}  // namespace

std::vector<Case> nonsensePeers() {
    std::vector<Case> cases{
        first("TlsFirst", "a TLS ClientHello", tlsHello()),
        first("HttpFirst", "an HTTP request", httpRequest()),
        first("OnesFirst", "4 KiB of ff", Bytes(4096, std::byte{0xff})),
        first("NamelessHeaderFirst", "a HelloRequest with a header without a name",
              raw::Frame{.proto = 3, .headers = ":value\r\n"}.bytes()),
        halfFrame("Tls", "a TLS ClientHello, which looks like half of a Response", tlsHello()),
        halfFrame("Http", "an HTTP request, which looks like half of a HelloResponse", httpRequest()),
        later("Ones", "4 KiB of ff", Bytes(4096, std::byte{0xff}), "InvalidOpCode"),
        later("Zeros", "4 KiB of zeros", Bytes(4096), "InvalidMessageId"),
        later("SecondHello", "another HelloRequest", raw::helloRequest(3).bytes(), "InvalidOpCode"),
        later("NamelessHeader", "a header without a name", raw::Frame{.headers = ":value\r\n"}.bytes(),
              "InvalidMessage"),
        later("NoColon", "a header without a colon", raw::Frame{.headers = "no colon\r\n"}.bytes(),
              "InvalidMessage"),
        later("LengthsTooShort", "a body longer than its length says, so that its rest is read as a header",
              raw::Frame{.body = std::string(100, '\x7f'), .bodyLength = 3}.bytes(), "InvalidOpCode"),
        harmless("OriginBit", "a message that claims to be the engine's",
                 {.proto = 2 | raw::originBit, .status = 22, .body = "trust me"}, "trust me"),
        harmless("InternalBits", "a message with the engine's own bits set",
                 {.proto = 2 | raw::internalBits, .body = "trust me"}, "trust me"),
        harmless("Unasked", "a Response nobody asked for", {.proto = 1, .id = 12'345, .body = "42"}, "42"),
        harmless("AnotherHelloResponse", "a HelloResponse", {.proto = 4, .id = 12'345, .body = "hi"}, "hi"),
    };
    for (unsigned opCode = 0; opCode <= 15; ++opCode) {
        if (opCode != 3 && opCode != 7)
            cases.push_back(first("OpCode" + number(opCode) + "First", "anything but a HelloRequest",
                                  raw::Frame{.proto = opCode}.bytes()));
        if (opCode == 7) continue;  // a tofu peer closes with it: oddByes()
        if (opCode > 7)
            cases.push_back(later("OpCode" + number(opCode),
                                  "an opcode that never crosses the wire (8 to 15)",
                                  raw::Frame{.proto = opCode}.bytes(), "InvalidOpCode"));
        else
            cases.push_back(later("WithoutId" + number(opCode), "message id 0",
                                  raw::Frame{.proto = opCode, .id = 0}.bytes(), "InvalidMessageId"));
        if (opCode >= 3 && opCode <= 6)
            cases.push_back(later("MoreOn" + number(opCode), "`more` on a hello or a bye",
                                  raw::Frame{.proto = opCode | raw::moreBit}.bytes(), "InvalidMoreUsage"));
    }
    return cases;
}

std::vector<Case> oddByes() {
    const raw::Frame request{.proto = 5, .id = 9};
    const raw::Frame response{.proto = 6, .id = 9};
    const Options hastyBye{.helloTimeout = patience, .byeTimeout = 300ms, .frameTimeout = patience};
    const auto send = [](std::vector<raw::Frame> frames) {
        return [frames = std::move(frames)](Scene&, raw::Peer& peer) {
            Bytes bytes;
            for (const raw::Frame& frame : frames)
                appendTo(bytes, frame.bytes());
            peer.trySend(bytes);
        };
    };
    return {
        {"ByeSignal", "a ByeSignal, as a tofu peer closes", true, Sees::Closed, "PeerDisconnected",
         "the peer closed the connection", nullptr,
         send({{.proto = 7 | raw::moreBit, .id = 0, .body = "x"}})},
        {"ByeSignalFirst", "first of all: a ByeSignal", false, Sees::Nothing, "", "", nullptr,
         send({{.proto = 7}})},
        {"UnaskedByeResponse", "a ByeResponse nobody asked for", true, Sees::Closed, "ChannelClosed",
         "bye exchanged", nullptr, send({response})},
        {"TwoByes", "a ByeRequest twice", true, Sees::Closed, "ChannelClosed", "bye exchanged", nullptr,
         send({request, request})},
        {"BothByes", "a ByeRequest and a ByeResponse", true, Sees::Closed, "ChannelClosed", "bye exchanged",
         nullptr, send({request, response})},
        {"TalksAfterItsBye", "a ByeRequest, and then more messages", true, Sees::Closed, "ChannelClosed",
         "bye exchanged", nullptr, send({request, {.proto = 2, .id = 10, .body = "one more thing"}})},
        {"NonsenseAfterItsLastWord", "a ByeResponse, and then nonsense", true, Sees::Closed, "ChannelClosed",
         "bye exchanged", nullptr, send({response, {.proto = 15}})},
        {"NeverAnswersTheBye", "does not answer a ByeRequest", true, Sees::Closed, "CommunicationFailed",
         "no ByeResponse within byeTimeout", nullptr,
         [](Scene& scene, raw::Peer&) { scene.server.post(OpCode::ByeRequest, scene.channel); }, hastyBye},
        {"TalksInsteadOfTheBye", "goes on talking instead of answering a ByeRequest", true, Sees::Closed,
         "CommunicationFailed", "no ByeResponse within byeTimeout", nullptr,
         [](Scene& scene, raw::Peer& peer) {
             scene.server.post(OpCode::ByeRequest, scene.channel);
             while (peer.trySend(raw::Frame{.proto = 2, .body = "by the way"}.bytes()))
                 std::this_thread::sleep_for(5ms);
         },
         hastyBye},
    };
}

}  // namespace tempeh::test::hostile

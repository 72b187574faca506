#pragma once

#include "support/raw_peer.hpp"

#include <random>
#include <string>
#include <vector>

/// What no well-behaved peer sends: for tests, and for the program that is a nuisance.
namespace tempeh::test::hostile {

struct Input {
    std::string name;
    Bytes bytes;
};

inline Bytes randomBytes(std::size_t size, unsigned seed) {
    std::minstd_rand random(seed + 1);
    Bytes bytes(size);
    for (std::byte& one : bytes)
        one = static_cast<std::byte>(random() >> 8);
    return bytes;
}

/// The start of a TLS 1.2 ClientHello as browsers send it.
inline Bytes tlsHello() {
    Bytes bytes = fromHex("16 0301 00c8 01 0000c4 0303");
    appendTo(bytes, randomBytes(32, 1));
    appendTo(bytes, fromHex("00 0004 1301 1302 01 00 0097"));
    appendTo(bytes, randomBytes(0x97, 2));
    return bytes;
}

inline Bytes httpRequest() {
    return toBytes("GET / HTTP/1.1\r\nHost: localhost:7099\r\nUser-Agent: scanner\r\nAccept: */*\r\n\r\n");
}

inline std::vector<Input> allInputs() {
    std::vector<Input> inputs{{"TlsHello", tlsHello()},
                              {"HttpRequest", httpRequest()},
                              {"Zeros", Bytes(4096)},
                              {"Ones", Bytes(4096, std::byte{0xff})}};
    for (unsigned opCode = 0; opCode <= 15; ++opCode) {
        const std::string name = "OpCode" + std::to_string(opCode);
        inputs.push_back({name, raw::Frame{.proto = opCode}.bytes()});
        inputs.push_back({name + "FromTheEngine", raw::Frame{.proto = opCode | raw::originBit}.bytes()});
        inputs.push_back({name + "WithMore", raw::Frame{.proto = opCode | raw::moreBit}.bytes()});
        inputs.push_back(
            {name + "WithInternalBits", raw::Frame{.proto = opCode | raw::internalBits}.bytes()});
        inputs.push_back({name + "WithoutId", raw::Frame{.proto = opCode, .id = 0}.bytes()});
    }
    for (const std::string& headers :
         {std::string(":value\r\n"), std::string("no colon\r\n"), std::string("a:1\r\n:2\r\n"),
          std::string("\r\n\r\n"), std::string("a:\0b\r\n", 6), std::string("\n\n\n")})
        inputs.push_back({"Headers" + std::to_string(inputs.size()),
                          raw::Frame{.proto = 0, .headers = headers, .body = "body"}.bytes()});
    inputs.push_back(
        {"LengthsShort", raw::Frame{.proto = 0, .body = "longer than said", .bodyLength = 3}.bytes()});
    inputs.push_back({"LengthsLong", raw::Frame{.proto = 0, .body = "short", .bodyLength = 60'000}.bytes()});
    return inputs;
}

}  // namespace tempeh::test::hostile

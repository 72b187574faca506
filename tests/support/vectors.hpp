#pragma once

#include "support/hex.hpp"

#include <tempeh/message/message.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempeh::test {

/// One frame of the protocol: what it says and the bytes it is.
struct Vector {
    std::string name;
    std::string hex;
    BinaryHeader header;  // with the lengths
    std::vector<std::pair<std::string, std::string>> textHeaders;
    std::string body;

    Bytes bytes() const { return fromHex(hex); }

    /// The message that must be encoded to these bytes; lengths are left to the encoder.
    MessagePtr message() const {
        MessagePtr made(new Message);
        made->header = header;
        made->header.textHeadersLength = 0;
        made->header.bodyLength = 0;
        for (const auto& [headerName, value] : textHeaders)
            made->textHeaders.append(headerName, value);
        made->body.append(body);
        return made;
    }

    /// Whether `decoded` says what this frame says.
    bool matches(const Message& decoded) const {
        if (decoded.header != header || decoded.body.view() != body) return false;
        std::vector<std::pair<std::string, std::string>> found;
        for (const TextHeader& one : decoded.textHeaders)
            found.emplace_back(one.name, one.value);
        return found == textHeaders;
    }
};

inline Vector makeVector(std::string name, std::string hex, BinaryHeader header,
                         std::vector<std::pair<std::string, std::string>> textHeaders = {},
                         std::string body = {}) {
    std::size_t length = 0;
    for (const auto& [headerName, value] : textHeaders)
        length += headerName.size() + value.size() + 3;
    header.textHeadersLength = static_cast<std::uint16_t>(length);
    header.bodyLength = static_cast<std::uint16_t>(body.size());
    return {std::move(name), std::move(hex), header, std::move(textHeaders), std::move(body)};
}

/// The test vectors of the protocol description, in its order.
inline const std::vector<Vector>& vectors() {
    using enum OpCode;
    static const std::vector<Vector> all{
        makeVector("Request", "00010000000000000000000100000000",
                   {.channelNumber = 1, .opCode = Request, .messageId = 1}),
        makeVector("HelloRequest",
                   "123403000000000000000002002000007e636f6e6e6563745f746f3a7463707c3132372e302e302e317c37303"
                   "9390d0a",
                   {.channelNumber = 0x1234, .opCode = HelloRequest, .messageId = 2},
                   {{"~connect_to", "tcp|127.0.0.1|7099"}}),
        makeVector("HelloResponse", "fffe0400000000000000000200000000",
                   {.channelNumber = 0xfffe, .opCode = HelloResponse, .messageId = 2}),
        makeVector(
            "RequestMore",
            "0007200001020304050607080016000750444c3a50530d0a4a6f622d49443a31323334350d0a6368756e6b2d31",
            {.channelNumber = 7, .opCode = Request, .more = true, .messageId = 0x0102030405060708},
            {{"PDL", "PS"}, {"Job-ID", "12345"}}, "chunk-1"),
        makeVector("ResponseLast", "00070100010203040506070800000004646f6e65",
                   {.channelNumber = 7, .opCode = Response, .messageId = 0x0102030405060708}, {}, "done"),
        makeVector("Signal", "010202c8ffffffffffffffff0000000200ff",
                   {.channelNumber = 258, .opCode = OpCode::Signal, .status = 200, .messageId = UINT64_MAX},
                   {}, std::string("\x00\xff", 2)),
        makeVector("ByeRequest", "01020500000000000000006300000000",
                   {.channelNumber = 258, .opCode = ByeRequest, .messageId = 99}),
        makeVector("ByeResponse", "01020600000000000000006300000000",
                   {.channelNumber = 258, .opCode = ByeResponse, .messageId = 99}),
    };
    return all;
}

/// All vectors back to back, as they come in one stream.
inline Bytes vectorStream() {
    Bytes stream;
    for (const Vector& vector : vectors())
        appendTo(stream, vector.bytes());
    return stream;
}

}  // namespace tempeh::test

#pragma once

#include "support/raw_peer.hpp"

#include <tempeh/message/binary_header.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>

namespace tempeh::test {

/// The other end of a channel that reads and writes only what the test tells it to.
class RawPeer {
public:
    explicit RawPeer(raw::Descriptor socket) : peer_(std::move(socket)) {}

    /// One frame: its header. Text headers and body are in payload().
    BinaryHeader readFrame() {
        BinaryHeader::Bytes bytes{};
        std::ranges::copy(read(BinaryHeader::wireSize), bytes.begin());
        const BinaryHeader header = BinaryHeader::decode(bytes);
        payload_ = read(std::size_t{header.textHeadersLength} + header.bodyLength);
        return header;
    }
    std::string payload() const { return {reinterpret_cast<const char*>(payload_.data()), payload_.size()}; }

    void write(const BinaryHeader& header) { peer_.send(header.encode()); }

    /// Reads the HelloRequest and answers it; `headers` as on the wire.
    void acceptHello(std::string_view headers = {}) {
        const BinaryHeader hello = readFrame();
        EXPECT_EQ(hello.opCode, OpCode::HelloRequest);
        write({.channelNumber = 1,
               .opCode = OpCode::HelloResponse,
               .messageId = hello.messageId,
               .textHeadersLength = static_cast<std::uint16_t>(headers.size())});
        if (!headers.empty()) peer_.send(std::as_bytes(std::span(headers.data(), headers.size())));
    }

    /// True when the stream ends, in whatever way.
    bool readsEnd() { return peer_.waitForEnd() != raw::End::NotYet; }
    void close() { peer_.close(); }

private:
    Bytes read(std::size_t size) {
        Bytes bytes = peer_.receive(size);
        if (bytes.size() != size) throw std::runtime_error("raw peer: the stream ended or nothing came");
        return bytes;
    }

    raw::Peer peer_;
    Bytes payload_;
};

/// A listening TCP socket with small buffers, so that a peer that does not read is full soon.
class RawServer {
public:
    static constexpr int bufferBytes = 16 * 1024;

    explicit RawServer(int backlog = 16) : socket_(raw::makeTcpSocket()) {
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &bufferBytes, sizeof bufferBytes);
        sockaddr_in address = raw::loopbackAddress(0);
        socklen_t size = sizeof address;
        auto* const bound = reinterpret_cast<sockaddr*>(&address);
        if (::bind(socket_.get(), bound, size) != 0 || ::listen(socket_.get(), backlog) != 0 ||
            ::getsockname(socket_.get(), bound, &size) != 0)
            throw std::runtime_error("raw server: listen failed");
        port_ = ntohs(address.sin_port);
    }

    std::uint16_t port() const { return port_; }

    RawPeer accept() {
        if (!socket_.waitFor(POLLIN)) throw std::runtime_error("raw server: nobody connected");
        raw::Descriptor accepted(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (accepted.get() < 0) throw std::runtime_error("raw server: accept failed");
        return RawPeer(std::move(accepted));
    }

private:
    raw::Descriptor socket_;
    std::uint16_t port_ = 0;
};

}  // namespace tempeh::test

#pragma once

#include "support/raw_peer.hpp"
#include "tls/certificates.hpp"
#include "tls/handles.hpp"

#include <csignal>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <sys/socket.h>

namespace tempeh::test {

/// A client of OpenSSL's own, on a blocking socket: no code of the library.
class ForeignClient {
public:
    /// Connects and does the handshake; trusts anybody.
    explicit ForeignClient(std::uint16_t port)
        : socket_(raw::makeTcpSocket()), context_(SSL_CTX_new(TLS_client_method())) {
        std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
        const sockaddr_in address = raw::loopbackAddress(port);
        if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error("foreign client: connect failed");
        ssl_.reset(SSL_new(context_.get()));
        SSL_set_fd(ssl_.get(), socket_.get());
        if (SSL_connect(ssl_.get()) != 1) throw std::runtime_error("foreign client: handshake failed");
    }

    void send(const Bytes& bytes) {
        if (SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0)
            throw std::runtime_error("foreign client: write failed");
    }
    Bytes receive(std::size_t size) {
        Bytes bytes(size);
        std::size_t have = 0;
        while (have < size) {
            const int more = SSL_read(ssl_.get(), bytes.data() + have, static_cast<int>(size - have));
            if (more <= 0) throw std::runtime_error("foreign client: the stream ended");
            have += static_cast<std::size_t>(more);
        }
        return bytes;
    }
    /// One frame; its body.
    std::string receiveBody() {
        const Bytes head = receive(16);
        const auto lengthAt = [&](std::size_t at) {
            return std::to_integer<std::size_t>(head[at]) * 256 + std::to_integer<std::size_t>(head[at + 1]);
        };
        receive(lengthAt(12));
        const Bytes body = receive(lengthAt(14));
        return {reinterpret_cast<const char*>(body.data()), body.size()};
    }
    /// True: the other side has said that it ends.
    bool receivesEnd() {
        std::byte byte{};
        return SSL_read(ssl_.get(), &byte, 1) <= 0 &&
               (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
    }
    /// Asks the other side for new keys, and changes its own.
    void updateKeys() { SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED); }
    const char* protocol() const { return SSL_get_version(ssl_.get()); }

    void sayEnd() { SSL_shutdown(ssl_.get()); }
    void close() { socket_.close(); }

private:
    raw::Descriptor socket_;
    const tls::SslContextPtr context_;
    tls::SslPtr ssl_;
};

}  // namespace tempeh::test

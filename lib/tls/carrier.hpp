#pragma once

#include "tls/handles.hpp"
#include "transport/stream.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace tempeh::tls {

/// The bytes below TLS: gives OpenSSL a Stream, as a BIO. Remembers why the stream ended, which OpenSSL does
/// not. One thread at a time.
class Carrier {
public:
    explicit Carrier(transport::Stream& stream) noexcept : stream_(stream) {}
    Carrier(const Carrier&) = delete;
    Carrier& operator=(const Carrier&) = delete;

    /// Must not outlive this object. Null: there is no memory.
    BioPtr makeBio() noexcept;

    /// Room for bytes that somebody else reads from the stream while they wait for them; note() them. Only
    /// while hasInput() is false.
    std::span<std::byte> room() noexcept { return input_; }
    /// What came of it: bytes, or an error, which the BIO passes on.
    void note(std::size_t size, const error_code& ec) noexcept;
    /// Bytes that OpenSSL has not taken yet.
    bool hasInput() const noexcept { return !rest_.empty(); }
    /// The last read took all that was there.
    bool isDrained() const noexcept { return rest_.empty() && isDrained_; }

    std::string_view peerAddress() const noexcept { return stream_.info().peerAddress; }
    /// Why it can no longer be read, eof included; cleared: it can.
    const error_code& end() const noexcept { return end_; }
    bool hasReceived() const noexcept { return firstByte_.has_value(); }
    /// Whether what has come can be the beginning of TLS.
    bool looksLikeTls() const noexcept;

    /// During the handshake a write that fails because the peer has left is kept silent: why it left is still
    /// to be read.
    void setEstablished() noexcept { isEstablished_ = true; }
    const error_code& writeError() const noexcept { return writeError_; }

private:
    static int onRead(BIO* bio, char* into, std::size_t size, std::size_t* done) noexcept;
    static int onWrite(BIO* bio, const char* from, std::size_t size, std::size_t* done) noexcept;
    static long onControl(BIO* bio, int command, long number, void* pointer) noexcept;
    static const BIO_METHOD* method() noexcept;

    int read(BIO* bio, std::span<std::byte> into, std::size_t& done) noexcept;
    int write(BIO* bio, std::span<const std::byte> from, std::size_t& done) noexcept;

    transport::Stream& stream_;
    std::array<std::byte, 2048> input_;
    std::span<const std::byte> rest_;  // of input_
    std::optional<std::byte> firstByte_;
    error_code end_;
    error_code writeError_;
    bool isDrained_ = false;
    bool isEstablished_ = false;
};

}  // namespace tempeh::tls

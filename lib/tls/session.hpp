#pragma once

#include "tls/carrier.hpp"
#include "tls/material.hpp"
#include "transport/stream.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace tempeh::tls {

/// One side of one TLS connection over a Stream: the handshake, then bytes in the clear to and from OpenSSL.
/// Waits for nothing: like a Stream it says would_block, and blocksOnWrite() for what. One thread at a time.
class Session {
public:
    /// A client that wants to speak to the server `name`, whose certificate must be for it. `server` is what
    /// its sessions are kept under. Throws std::bad_alloc. `stream` must outlive it.
    static std::unique_ptr<Session> ofClient(std::shared_ptr<const Material> material,
                                             transport::Stream& stream, const std::string& name,
                                             std::string server);
    static std::unique_ptr<Session> ofServer(std::shared_ptr<const Material> material,
                                             transport::Stream& stream);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Takes the handshake as far as it goes. `ec`: cleared when it is complete, would_block, or why it
    /// failed, then and from then on.
    void handshake(error_code& ec) noexcept;
    bool isEstablished() const noexcept { return phase_ == Phase::Established; }

    /// One record at most, or a part of it; the handshake first, if need be. Errors as Stream::readSome(),
    /// and TlsError::Truncated.
    std::size_t read(std::span<std::byte> into, error_code& ec) noexcept;
    /// One record at most. After would_block, call it with at least as many bytes, beginning with the same.
    std::size_t write(std::span<const std::byte> from, error_code& ec) noexcept;
    /// Says that nothing more will be written; false: cannot be written now.
    bool sendEnd() noexcept;

    /// The last would_block of handshake() or read() waits until the stream can be written to.
    bool blocksOnWrite() const noexcept { return blocksOnWrite_; }
    /// read() may have something although the stream has nothing.
    bool hasBuffered() const noexcept;
    /// The last read() took all that was there: another one would be in vain.
    bool isDrained() const noexcept { return carrier_.isDrained() && SSL_has_pending(ssl_.get()) == 0; }

    Carrier& carrier() noexcept { return carrier_; }
    /// Once established; null: the peer presented none.
    const std::shared_ptr<const PeerCertificate>& peerCertificate() const noexcept { return certificate_; }

    static constexpr std::size_t mostPerRecord = SSL3_RT_MAX_PLAIN_LENGTH;

private:
    enum class Phase : std::uint8_t { Handshake, Established, Failed };

    Session(std::shared_ptr<const Material> material, transport::Stream& stream);
    void beginClient(const std::string& name);
    void beginServer();
    void finishHandshake(error_code& ec) noexcept;
    error_code checkResumed(X509* certificate) const noexcept;
    void tellOfFailure() noexcept;
    void judge(int result, error_code& ec) noexcept;
    error_code causeOfFailure() const noexcept;

    const std::shared_ptr<const Material> material_;
    Carrier carrier_;
    const SslPtr ssl_;
    std::string name_;  // clients: what the certificate must be for; empty: anything
    SessionKey key_;    // clients: whose session it is
    std::shared_ptr<const PeerCertificate> certificate_;
    error_code end_;  // why nothing more can be read
    Phase phase_ = Phase::Handshake;
    bool blocksOnWrite_ = false;
    bool hasSentEnd_ = false;
};

}  // namespace tempeh::tls

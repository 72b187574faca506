#pragma once

#include <tempeh/base/duration.hpp>
#include <tempeh/message/status.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace tempeh {

/// Whether a listener asks its clients for certificates (mutual TLS).
enum class ClientCertificates : std::uint8_t {
    WithCa,    ///< Required if there is a `caFile` (or a caller's ssl::context), else NotAsked.
    NotAsked,  ///< Clients need none; who they are has to be shown otherwise.
    Asked,     ///< A client may come without one; one that it presents must be good.
    Required,  ///< No certificate, no connection.
};

/// The oldest version of the protocol that is spoken.
enum class TlsVersion : std::uint8_t {
    Tls12,  ///< TLS 1.2.
    Tls13,  ///< TLS 1.3.
};

/// A handshake that failed, on either side.
struct TlsFailure {
    std::string_view peerAddress;  ///< `tcp|HOST|PORT`, the connection below.
    const error_code& cause;       ///< Its message() names the cause and whose it is.
};

/// How to set up a TlsContext. An aggregate for designated initialisers. Files are PEM; they are read by the
/// constructor and by reload(), never later.
struct TlsOptions {
    /// This side's certificate first, then the intermediate ones up to its CA. Listeners need one; clients
    /// need one for mutual TLS.
    std::string certificateChainFile = {};
    /// The certificate's private key.
    std::string privateKeyFile = {};
    /// Decrypts the private key. Empty: the key is not encrypted.
    std::string privateKeyPassword = {};
    /// The CAs whose certificates are accepted, on both sides. Empty: those of the system, for servers'
    /// certificates alone.
    std::string caFile = {};
    /// Revocation lists. With them, every CA in a chain must have a current one. Empty: revocation is not
    /// checked.
    std::string crlFile = {};

    /// Clients accept only a certificate that a CA vouches for and that is for the host asked for. False:
    /// any certificate, which keeps out eavesdroppers but nobody in the middle.
    bool verifyServer = true;
    /// What listeners ask of clients.
    ClientCertificates clientCertificates = ClientCertificates::WithCa;
    /// The name (or IP address) that a server's certificate must be for, which is also sent as SNI. Empty:
    /// the host of the address.
    std::string expectedName = {};

    /// Older versions are refused.
    TlsVersion minVersion = TlsVersion::Tls12;
    /// OpenSSL's cipher list for TLS 1.2, and cipher suites for TLS 1.3. Empty: OpenSSL's defaults, for TLS
    /// 1.2 without those that lack forward secrecy.
    std::string ciphers = {};
    std::string cipherSuites = {};
    /// The application protocol (ALPN) that both sides name. A peer that names others only is refused; one
    /// that names none is accepted. Empty: names none. At most 255 bytes.
    std::string applicationProtocol = "tempeh/1";
    /// Clients resume earlier sessions with the same server, which saves it a signature. The certificate is
    /// checked again for name and date. reload() forgets all sessions.
    bool resumesSessions = true;
    /// Time for the TLS handshake; on a listener for handshake and HelloRequest together, from accept on, if
    /// shorter than Options::helloTimeout. How many connections may be without a hello at one time:
    /// Options::maxHandshakesPerListener. 1 ms or longer.
    Timeout handshakeTimeout = std::chrono::seconds(5);
    /// Called for each handshake that fails, and not for one that takes too long. A listener tells of them in
    /// no other way, but for the engine's log at level debug and the counters: anybody can cause them. Called
    /// on the engine's thread, from several engines at the same time; must not block. Exceptions are dropped.
    std::function<void(const TlsFailure&)> onFailure = nullptr;
};

}  // namespace tempeh

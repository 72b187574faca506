#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace tempeh {

/// The process at the other end of a Unix socket, as the kernel reported it when the connection was made.
struct PeerCredentials {
    std::int64_t pid = -1;  ///< Process id.
    std::uint32_t uid = 0;  ///< User id.
    std::uint32_t gid = 0;  ///< Group id.

    friend bool operator==(const PeerCredentials&, const PeerCredentials&) = default;
};

/// What the certificate of a TLS peer says about it.
struct PeerCertificate {
    std::string subject;  ///< Its distinguished name (RFC 2253): `CN=worker,O=Example`.
    std::string issuer;   ///< Whoever signed it, in the same form.
    /// Its subject alternative names: `DNS:host`, `IP:127.0.0.1`, `URI:spiffe://...`, `email:...`.
    std::vector<std::string> names;
    std::string fingerprint;                          ///< SHA-256 of the certificate, 64 hexadecimal digits.
    std::chrono::system_clock::time_point notBefore;  ///< Valid from.
    std::chrono::system_clock::time_point notAfter;   ///< Valid until.
    /// A trusted CA vouches for it and, on the client's side, it is the certificate of the host asked for.
    /// False: verification is off, and anybody can have made it.
    bool isVerified = false;

    friend bool operator==(const PeerCertificate&, const PeerCertificate&) = default;
};

/// What carries a channel's bytes. More may follow.
enum class Transport : std::uint8_t {
    Tcp,
    Uds,
    Other,  ///< Another transport: the addresses in ChannelInfo begin with its scheme.
    Tls,    ///< TLS over TCP (<tempeh/tls.hpp>).
};

}  // namespace tempeh

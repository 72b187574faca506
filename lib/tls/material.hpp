#pragma once

#include "base/counter.hpp"
#include "tls/handles.hpp"
#include "tls/session_cache.hpp"

#include <tempeh/tls/tls_options.hpp>
#include <tempeh/transport/credentials.hpp>

#include <memory>
#include <string>
#include <vector>

namespace boost::asio::ssl {
class context;
}

namespace tempeh::tls {

/// Counted over all materials of a TlsContext.
struct Counters {
    base::SharedCounter handshakes;
    base::SharedCounter resumed;
    base::SharedCounter failures;
    base::SharedCounter reloads;
};

/// Certificates, keys and trust as of one moment: what one connection is made with from its beginning to its
/// end. Constant, but for its sessions. Any thread.
class Material {
public:
    /// From files. Throws Error(InvalidOption).
    Material(const TlsOptions& options, std::shared_ptr<Counters> counters);
    /// From a context of the caller's, whose settings it leaves alone. Throws Error(InvalidOption) for null.
    Material(const TlsOptions& options, std::shared_ptr<boost::asio::ssl::context> context,
             std::shared_ptr<Counters> counters);
    Material(const Material&) = delete;
    Material& operator=(const Material&) = delete;

    const TlsOptions& options() const noexcept { return options_; }
    SSL_CTX* context() const noexcept { return context_; }
    /// Whether listeners can use it.
    bool hasCertificate() const noexcept { return SSL_CTX_get0_certificate(context_) != nullptr; }
    /// What listeners ask of clients; never WithCa.
    ClientCertificates clientCertificates() const noexcept { return clientCertificates_; }
    /// The application protocol as TLS writes it, with its length before it; empty: none.
    const std::vector<unsigned char>& protocols() const noexcept { return protocols_; }
    SessionCache& sessions() const noexcept { return sessions_; }
    Counters& counters() const noexcept { return *counters_; }
    /// This side's certificate; null: none.
    std::shared_ptr<const PeerCertificate> certificate() const;

private:
    void checkOptions() const;
    void setVersions() const;
    void loadCertificate() const;
    void loadTrust() const;
    void loadRevocations() const;
    void setProtocols();
    void setSessions() const;

    const TlsOptions options_;
    const std::shared_ptr<Counters> counters_;
    const std::shared_ptr<boost::asio::ssl::context> callers_;  // null: owned_
    const SslContextPtr owned_;
    SSL_CTX* const context_;
    ClientCertificates clientCertificates_;
    std::vector<unsigned char> protocols_;
    mutable SessionCache sessions_;
};

}  // namespace tempeh::tls

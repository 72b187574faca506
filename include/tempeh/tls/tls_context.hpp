#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/message/status.hpp>
#include <tempeh/tls/tls_options.hpp>
#include <tempeh/transport/credentials.hpp>

#include <cstdint>
#include <memory>

namespace boost::asio::ssl {
class context;
}

namespace tempeh {

namespace tls {
class MaterialStore;
}

/// Counters of all connections that were made with a TlsContext.
struct TlsStats {
    std::uint64_t handshakes = 0;  ///< Completed, on both sides, resumed ones included.
    std::uint64_t resumed = 0;     ///< Those of them that resumed a session.
    std::uint64_t failures = 0;    ///< Handshakes that failed.
    std::uint64_t reloads = 0;     ///< reload() calls that changed the certificates.
};

/// Certificates, keys and trust for `tls|HOST|PORT` addresses. Give it to engines as Options::tls; they keep
/// it alive. Making the first one adds the scheme `tls` to the process, for good. Any thread may call any of
/// it.
class TEMPEH_TLS_EXPORT TlsContext {
public:
    /// Reads the files. Throws Error(InvalidOption), whose text names the file and what is wrong with it: it
    /// cannot be read, is no PEM, the key does not belong to the certificate, ...
    explicit TlsContext(TlsOptions options);
    /// Uses a context that the caller has set up, with its certificates, trust, ciphers and versions; the
    /// caller must not change it any more. Of `options` everything but those and the files applies. A
    /// listener's ALPN choice is the context's.
    explicit TlsContext(std::shared_ptr<boost::asio::ssl::context> context, TlsOptions options = {});
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    /// Reads the files again. Connections from now on use what they say; those that exist stay as they are.
    /// If anything is wrong with them, throws as the constructor does, and the last good ones stay in use. So
    /// it does for a context of the caller's. Blocks for reading the files: not for the engine's thread.
    void reload();
    void reload(error_code& ec) noexcept;
    /// Replaces the caller's context.
    void reload(std::shared_ptr<boost::asio::ssl::context> context);

    /// This side's certificate as of the last reload(), `isVerified` false; null if there is none. For
    /// supervision: how many days are left?
    std::shared_ptr<const PeerCertificate> certificate() const;

    /// Counters since it was made.
    TlsStats stats() const noexcept;

private:
    friend class tls::MaterialStore;
    std::shared_ptr<tls::MaterialStore> store_;
};

}  // namespace tempeh

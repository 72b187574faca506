#pragma once

#include <memory>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/// Owners of OpenSSL's objects.
namespace tempeh::tls {

struct Release {
    void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
    void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};

using BioPtr = std::unique_ptr<BIO, Release>;
using SslPtr = std::unique_ptr<SSL, Release>;
using SslContextPtr = std::unique_ptr<SSL_CTX, Release>;
using SslSessionPtr = std::unique_ptr<SSL_SESSION, Release>;
using X509Ptr = std::unique_ptr<X509, Release>;
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, Release>;

}  // namespace tempeh::tls

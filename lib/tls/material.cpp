#include "tls/material.hpp"

#include "message/option_check.hpp"
#include "tls/peer_certificate.hpp"
#include "tls/tls_error.hpp"

#include <boost/asio/ssl/context.hpp>

#include <algorithm>
#include <new>
#include <openssl/err.h>
#include <string_view>

namespace tempeh::tls {

namespace {

[[noreturn]] void fail(std::string_view field, std::string_view value, const std::string& what) {
    throw Error(make_error_code(Status::InvalidOption),
                "TlsOptions::" + std::string(field) + " = \"" + std::string(value) + "\": " + what);
}

SslContextPtr makeContext() {
    ERR_clear_error();
    SslContextPtr context(SSL_CTX_new(TLS_method()));
    if (context == nullptr) throw std::bad_alloc();
    return context;
}

SSL_CTX* contextOf(boost::asio::ssl::context* callers) {
    if (callers == nullptr)
        throw Error(make_error_code(Status::InvalidOption), "TlsContext: the ssl::context is null");
    return callers->native_handle();
}

ClientCertificates chosen(ClientCertificates wanted, bool hasCa) noexcept {
    if (wanted != ClientCertificates::WithCa) return wanted;
    return hasCa ? ClientCertificates::Required : ClientCertificates::NotAsked;
}

/// Without this OpenSSL would ask on the terminal.
int givePassword(char* buffer, int size, int, void* options) {
    const std::string& password = static_cast<const TlsOptions*>(options)->privateKeyPassword;
    if (password.size() > static_cast<std::size_t>(size)) return 0;
    std::copy(password.begin(), password.end(), buffer);
    return static_cast<int>(password.size());
}

/// ALPN on a listener: the protocol both name; an alert if the client names others only.
int chooseProtocol(SSL*, const unsigned char** out, unsigned char* outSize, const unsigned char* offered,
                   unsigned offeredSize, void* material) {
    const std::vector<unsigned char>& ours = static_cast<const Material*>(material)->protocols();
    unsigned char* found = nullptr;
    const int result = SSL_select_next_proto(&found, outSize, ours.data(), static_cast<unsigned>(ours.size()),
                                             offered, offeredSize);
    if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = found;
    return SSL_TLSEXT_ERR_OK;
}

/// Elliptic curves only: a client that has shown nothing of itself could choose a finite field of 8192 bits,
/// which costs this side some hundred times as much.
#if OPENSSL_VERSION_NUMBER >= 0x30500000L
constexpr const char* keyExchanges = "X25519MLKEM768:X25519:P-256:X448:P-384:P-521";
#else
constexpr const char* keyExchanges = "X25519:P-256:X448:P-384:P-521";
#endif

constexpr std::string_view forwardSecret = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20";

}  // namespace

Material::Material(const TlsOptions& options, std::shared_ptr<Counters> counters)
    : options_(options)
    , counters_(std::move(counters))
    , owned_(makeContext())
    , context_(owned_.get())
    , clientCertificates_(chosen(options.clientCertificates, !options.caFile.empty())) {
    checkOptions();
    setVersions();
    loadCertificate();
    loadTrust();
    loadRevocations();
    setProtocols();
    if (!protocols_.empty()) SSL_CTX_set_alpn_select_cb(context_, &chooseProtocol, this);
    setSessions();
}

Material::Material(const TlsOptions& options, std::shared_ptr<boost::asio::ssl::context> context,
                   std::shared_ptr<Counters> counters)
    : options_(options)
    , counters_(std::move(counters))
    , callers_(std::move(context))
    , context_(contextOf(callers_.get()))
    , clientCertificates_(chosen(options.clientCertificates, true)) {
    checkOptions();
    setProtocols();
}

void Material::checkOptions() const {
    constexpr std::size_t longestProtocol = 255;
    detail::requireTime(options_.handshakeTimeout, std::chrono::milliseconds(1),
                        "TlsOptions::handshakeTimeout", "1 ms or more");
    if (options_.applicationProtocol.size() > longestProtocol)
        fail("applicationProtocol", options_.applicationProtocol, "at most 255 bytes");
    if (options_.certificateChainFile.empty() != options_.privateKeyFile.empty())
        fail("privateKeyFile", options_.privateKeyFile, "certificateChainFile and this go together");
    if (options_.caFile.empty() &&
        (options_.clientCertificates == ClientCertificates::Asked ||
         options_.clientCertificates == ClientCertificates::Required) &&
        callers_ == nullptr)
        fail("caFile", "", "clientCertificates needs one: who may sign clients' certificates?");
}

void Material::setVersions() const {
    const bool isTls13 = options_.minVersion == TlsVersion::Tls13;
    SSL_CTX_set_min_proto_version(context_, isTls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(context_,
                        SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    if (SSL_CTX_set1_groups_list(context_, keyExchanges) != 1) ERR_clear_error();  // OpenSSL's defaults, then
    const std::string ciphers = options_.ciphers.empty() ? std::string(forwardSecret) : options_.ciphers;
    if (SSL_CTX_set_cipher_list(context_, ciphers.c_str()) != 1)
        fail("ciphers", options_.ciphers, takeQueuedText());
    if (!options_.cipherSuites.empty() &&
        SSL_CTX_set_ciphersuites(context_, options_.cipherSuites.c_str()) != 1)
        fail("cipherSuites", options_.cipherSuites, takeQueuedText());
}

void Material::loadCertificate() const {
    if (options_.certificateChainFile.empty()) return;
    SSL_CTX_set_default_passwd_cb(context_, &givePassword);
    SSL_CTX_set_default_passwd_cb_userdata(context_, const_cast<TlsOptions*>(&options_));
    if (SSL_CTX_use_certificate_chain_file(context_, options_.certificateChainFile.c_str()) != 1)
        fail("certificateChainFile", options_.certificateChainFile, takeQueuedText());
    // It is checked against the certificate as well.
    if (SSL_CTX_use_PrivateKey_file(context_, options_.privateKeyFile.c_str(), SSL_FILETYPE_PEM) != 1)
        fail("privateKeyFile", options_.privateKeyFile, takeQueuedText());
}

void Material::loadTrust() const {
    if (options_.caFile.empty()) {
        if (SSL_CTX_set_default_verify_paths(context_) != 1) ERR_clear_error();
        return;
    }
    if (SSL_CTX_load_verify_locations(context_, options_.caFile.c_str(), nullptr) != 1)
        fail("caFile", options_.caFile, takeQueuedText());
    // Clients learn which CAs may have signed their certificate.
    if (STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(options_.caFile.c_str()))
        SSL_CTX_set_client_CA_list(context_, names);
    ERR_clear_error();
}

void Material::loadRevocations() const {
    if (options_.crlFile.empty()) return;
    X509_STORE* const store = SSL_CTX_get_cert_store(context_);
    X509_LOOKUP* const lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    if (lookup == nullptr) throw std::bad_alloc();
    if (X509_load_crl_file(lookup, options_.crlFile.c_str(), X509_FILETYPE_PEM) < 1)
        fail("crlFile", options_.crlFile, takeQueuedText());
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    ERR_clear_error();
}

void Material::setProtocols() {
    const std::string& name = options_.applicationProtocol;
    if (name.empty()) return;
    protocols_.push_back(static_cast<unsigned char>(name.size()));
    protocols_.insert(protocols_.end(), name.begin(), name.end());
}

/// Clients keep sessions in sessions_, listeners give tickets and keep none.
void Material::setSessions() const {
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context_, &SessionCache::onNew);
    if (!options_.resumesSessions) {
        SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_num_tickets(context_, 0);
        SSL_CTX_set_options(context_, SSL_OP_NO_TICKET);
    }
}

std::shared_ptr<const PeerCertificate> Material::certificate() const {
    X509* const certificate = SSL_CTX_get0_certificate(context_);
    return certificate != nullptr ? describe(*certificate, false) : nullptr;
}

}  // namespace tempeh::tls

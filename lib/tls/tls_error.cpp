#include "tls/tls_error.hpp"

#include "tls/handles.hpp"

#include <boost/asio/error.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace tempeh::tls {

namespace {

// An error's value is one of TlsError's, or a number of OpenSSL's after one of these.
constexpr int alertBase = 0x1'000;   // the alert that the peer sent
constexpr int verifyBase = 0x2'000;  // X509_V_ERR_, found by this side
constexpr int reasonBase = 0x4'000;  // SSL_R_

const char* textOf(TlsError error) noexcept {
    switch (error) {
        case TlsError::NoContext:
            return "the engine has no certificates; give it Options::tls";
        case TlsError::NoOwnCertificate:
            return "a listener needs a certificate; set TlsOptions::certificateChainFile";
        case TlsError::NotTls:
            return "the peer does not speak TLS; is it a tcp| address at one end and a tls| address at the "
                   "other?";
        case TlsError::ClosedInHandshake:
            return "the peer closed the connection during the handshake; does it speak TLS?";
        case TlsError::HandshakeTimeout:
            return "the handshake was not complete within TlsOptions::handshakeTimeout; does the peer speak "
                   "TLS?";
        case TlsError::Truncated:
            return "the connection was cut off: the peer had not ended it (no close_notify)";
        case TlsError::NoCertificate:
            return "the client presented no certificate, and one is required";
        case TlsError::WrongName:
            return "the resumed session's certificate is for another host";
        case TlsError::Expired:
            return "the resumed session's certificate has expired";
        case TlsError::Failed:
            break;
    }
    return "the handshake failed";
}

std::string verifyText(int reason) {
    switch (reason) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return "it, or one above it, has expired";
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return "it, or one above it, is not valid yet; are the clocks right?";
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return "it is for another host than the one asked for";
        case X509_V_ERR_INVALID_PURPOSE:
            return "its key usage does not allow this use (server or client)";
        case X509_V_ERR_CERT_REVOKED:
            return "it has been revoked";
        case X509_V_ERR_UNABLE_TO_GET_CRL:
            return "there is no revocation list of its CA in TlsOptions::crlFile";
        case X509_V_ERR_CRL_HAS_EXPIRED:
            return "the revocation list of its CA has expired";
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return "no trusted CA has signed it, or the peer does not send an intermediate certificate";
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            return "it is self-signed, or of a CA that is not trusted";
        default:
            return X509_verify_cert_error_string(reason);
    }
}

std::string alertText(int alert) {
    switch (alert) {
        case SSL_AD_UNKNOWN_CA:
            return "the peer refused this side's certificate: it does not trust the CA, or an intermediate "
                   "certificate is missing";
        case SSL_AD_CERTIFICATE_EXPIRED:
            return "the peer refused this side's certificate: it has expired or is not valid yet";
        case SSL_AD_CERTIFICATE_REVOKED:
            return "the peer refused this side's certificate: it has been revoked";
        case SSL_AD_BAD_CERTIFICATE:
            return "the peer refused this side's certificate: it is for another host, or not valid yet";
        case SSL_AD_UNSUPPORTED_CERTIFICATE:
            return "the peer refused this side's certificate: its key usage does not allow this use";
        case SSL_AD_CERTIFICATE_UNKNOWN:
            return "the peer refused this side's certificate";
        case SSL_AD_CERTIFICATE_REQUIRED:
            return "the peer requires a certificate of this side; set TlsOptions::certificateChainFile";
        case SSL_AD_PROTOCOL_VERSION:
            return "the peer does not speak a version of TLS that this side does";
        case SSL_AD_NO_APPLICATION_PROTOCOL:
            return "the peer does not speak TlsOptions::applicationProtocol";
        case SSL_AD_HANDSHAKE_FAILURE:
            return "the peer finds nothing both sides can do (ciphers), or requires a certificate";
        default:
            return "the peer ended it with the alert \"" + std::string(SSL_alert_desc_string_long(alert)) +
                   '"';
    }
}

std::string reasonText(int reason) {
    const char* const text = ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, reason));
    return text != nullptr ? text : "OpenSSL reason " + std::to_string(reason);
}

class TlsCategory final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "tempeh.tls"; }
    std::string message(int value) const override {
        if (value >= reasonBase) return "TLS: " + reasonText(value - reasonBase);
        if (value >= verifyBase)
            return "TLS: the peer's certificate was refused: " + verifyText(value - verifyBase);
        if (value >= alertBase) return "TLS: " + alertText(value - alertBase);
        return std::string("TLS: ") + textOf(static_cast<TlsError>(value));
    }
};

bool isNoTls(int reason) noexcept {
    return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
           reason == SSL_R_HTTPS_PROXY_REQUEST || reason == SSL_R_RECORD_LENGTH_MISMATCH ||
           reason == SSL_R_PACKET_LENGTH_TOO_LONG;
}

}  // namespace

const boost::system::error_category& tlsCategory() noexcept {
    static const TlsCategory category;
    return category;
}

error_code make_error_code(TlsError error) noexcept {
    return {static_cast<int>(error), tlsCategory()};
}

error_code refusedCertificate(long verifyError) noexcept {
    return {verifyBase + static_cast<int>(verifyError), tlsCategory()};
}

error_code takeQueuedError() noexcept {
    const unsigned long queued = ERR_peek_error();
    ERR_clear_error();
    if (queued == 0) return TlsError::Failed;
    const int reason = ERR_GET_REASON(queued);
    if (reason == ERR_R_MALLOC_FAILURE) return boost::asio::error::no_memory;
    if (ERR_GET_LIB(queued) != ERR_LIB_SSL) return TlsError::Failed;
    if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) return TlsError::NoCertificate;
    if (isNoTls(reason)) return TlsError::NotTls;
    if (reason > SSL_AD_REASON_OFFSET) return {alertBase + reason - SSL_AD_REASON_OFFSET, tlsCategory()};
    return {reasonBase + reason, tlsCategory()};
}

std::string takeQueuedText() {
    const unsigned long queued = ERR_peek_error();
    const char* const reason = ERR_reason_error_string(queued);
    std::string text = reason != nullptr ? reason : "OpenSSL gives no reason";
    if (ERR_SYSTEM_ERROR(queued)) text = std::generic_category().message(ERR_GET_REASON(queued));
    ERR_clear_error();
    return text;
}

bool isDisconnect(const error_code& ec) noexcept {
    return ec == make_error_code(TlsError::ClosedInHandshake) || ec == make_error_code(TlsError::Truncated);
}

}  // namespace tempeh::tls

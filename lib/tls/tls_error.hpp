#pragma once

#include <tempeh/message/status.hpp>

#include <string>

/// Why a TLS connection failed, as an error_code whose message() names the cause and the side it is on.
namespace tempeh::tls {

enum class TlsError : int {
    NoContext = 1,      ///< The engine has no Options::tls.
    NoOwnCertificate,   ///< A listener's context has none.
    NotTls,             ///< What the peer sends is not TLS.
    ClosedInHandshake,  ///< The peer closed the connection without a word.
    HandshakeTimeout,
    Truncated,      ///< The connection ended without close_notify.
    NoCertificate,  ///< The client presented none.
    WrongName,      ///< A resumed session is of another host.
    Expired,        ///< The certificate of a resumed session has expired.
    Failed,         ///< For want of a better one.
};

const boost::system::error_category& tlsCategory() noexcept;

error_code make_error_code(TlsError error) noexcept;

/// This side refused the peer's certificate for an X509_V_ERR_ reason.
error_code refusedCertificate(long verifyError) noexcept;
/// For the oldest entry of OpenSSL's error queue of this thread, which is then cleared. An alert of the
/// peer's tells why the peer refused this side.
error_code takeQueuedError() noexcept;
/// That entry as a text, for errors of files; the queue is then cleared. Throws std::bad_alloc.
std::string takeQueuedText();

/// Whether the error is the peer's leaving rather than a refusal.
bool isDisconnect(const error_code& ec) noexcept;

}  // namespace tempeh::tls

template <>
struct boost::system::is_error_code_enum<tempeh::tls::TlsError> : std::true_type {};

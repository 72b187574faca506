#include "tls/session.hpp"

#include "tls/name_kind.hpp"
#include "tls/peer_certificate.hpp"
#include "tls/tls_error.hpp"
#include "transport/error_classes.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <new>
#include <openssl/err.h>
#include <string_view>
#include <utility>

namespace tempeh::tls {

namespace asio = boost::asio;

namespace {

SslPtr makeSsl(const Material& material) {
    ERR_clear_error();
    SslPtr ssl(SSL_new(material.context()));
    if (ssl == nullptr) throw std::bad_alloc();
    return ssl;
}

int verifyMode(ClientCertificates wanted) noexcept {
    switch (wanted) {
        case ClientCertificates::Required:
            return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
        case ClientCertificates::Asked:
            return SSL_VERIFY_PEER;
        case ClientCertificates::NotAsked:
        case ClientCertificates::WithCa:
            break;
    }
    return SSL_VERIFY_NONE;
}

}  // namespace

Session::Session(std::shared_ptr<const Material> material, transport::Stream& stream)
    : material_(std::move(material)), carrier_(stream), ssl_(makeSsl(*material_)) {
    SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_RELEASE_BUFFERS);
    SSL_set_read_ahead(ssl_.get(), 1);  // a record's header and body in one read
    BioPtr bio = carrier_.makeBio();
    if (bio == nullptr) throw std::bad_alloc();
    BIO* const both = bio.release();
    SSL_set_bio(ssl_.get(), both, both);
}

std::unique_ptr<Session> Session::ofClient(std::shared_ptr<const Material> material,
                                           transport::Stream& stream, const std::string& name,
                                           std::string server) {
    std::unique_ptr<Session> session(new Session(std::move(material), stream));
    session->key_ = {&session->material_->sessions(), std::move(server)};
    SSL_set_app_data(session->ssl_.get(), &session->key_);
    session->beginClient(name);
    return session;
}

std::unique_ptr<Session> Session::ofServer(std::shared_ptr<const Material> material,
                                           transport::Stream& stream) {
    std::unique_ptr<Session> session(new Session(std::move(material), stream));
    session->beginServer();
    return session;
}

void Session::beginClient(const std::string& name) {
    SSL* const ssl = ssl_.get();
    SSL_set_connect_state(ssl);
    const bool isIp = isIpAddress(name);
    if (!isIp && SSL_set_tlsext_host_name(ssl, name.c_str()) != 1) throw std::bad_alloc();
    if (const auto& protocols = material_->protocols(); !protocols.empty())
        SSL_set_alpn_protos(ssl, protocols.data(), static_cast<unsigned>(protocols.size()));
    SSL_set_verify(ssl, material_->options().verifyServer ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    if (material_->options().verifyServer) {
        name_ = name;
        X509_VERIFY_PARAM* const rules = SSL_get0_param(ssl);
        X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        const int isSet = isIp ? X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str())
                               : X509_VERIFY_PARAM_set1_host(rules, name.data(), name.size());
        if (isSet != 1) throw std::bad_alloc();
    }
    if (const SslSessionPtr earlier = key_.cache->take(key_.server)) SSL_set_session(ssl, earlier.get());
}

void Session::beginServer() {
    SSL_set_accept_state(ssl_.get());
    SSL_set_verify(ssl_.get(), verifyMode(material_->clientCertificates()), nullptr);
    // Without it no session of a client with a certificate could be resumed.
    constexpr std::string_view id = "tempeh";
    SSL_set_session_id_context(ssl_.get(), reinterpret_cast<const unsigned char*>(id.data()),
                               static_cast<unsigned>(id.size()));
}

void Session::handshake(error_code& ec) noexcept {
    ec = end_;
    if (phase_ != Phase::Handshake) return;
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1)
        finishHandshake(ec);
    else
        judge(result, ec);
    if (!end_) return;
    phase_ = Phase::Failed;
    if (!carrier_.looksLikeTls()) ec = end_ = TlsError::NotTls;
    tellOfFailure();
}

void Session::tellOfFailure() noexcept {
    material_->counters().failures.add();
    if (material_->options().onFailure == nullptr) return;
    try {
        material_->options().onFailure({.peerAddress = carrier_.peerAddress(), .cause = end_});
    } catch (...) {
        // It is the application's.
    }
}

void Session::finishHandshake(error_code& ec) noexcept {
    const X509Ptr peer(SSL_get1_peer_certificate(ssl_.get()));
    const bool isResumed = SSL_session_reused(ssl_.get()) == 1;
    ec = isResumed ? checkResumed(peer.get()) : error_code();
    try {
        const bool isChecked = SSL_get_verify_mode(ssl_.get()) != SSL_VERIFY_NONE &&
                               SSL_get_verify_result(ssl_.get()) == X509_V_OK;
        if (!ec && peer != nullptr) certificate_ = describe(*peer, isChecked);
    } catch (const std::bad_alloc&) {
        ec = asio::error::no_memory;
    }
    end_ = ec;
    if (ec) return;
    phase_ = Phase::Established;
    carrier_.setEstablished();
    material_->counters().handshakes.add();
    if (isResumed) material_->counters().resumed.add();
}

/// A resumed session brings its certificate along, unverified: the name asked for may be another one, and
/// time has passed. Who is trusted cannot have changed, since sessions belong to their Material.
error_code Session::checkResumed(X509* certificate) const noexcept {
    if (SSL_get_verify_mode(ssl_.get()) == SSL_VERIFY_NONE) return {};
    if (const long result = SSL_get_verify_result(ssl_.get()); result != X509_V_OK)
        return refusedCertificate(result);
    if (certificate == nullptr) return {};
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0) return TlsError::Expired;
    if (!name_.empty() && !isFor(*certificate, name_)) return TlsError::WrongName;
    return {};
}

std::size_t Session::read(std::span<std::byte> into, error_code& ec) noexcept {
    handshake(ec);
    if (ec) return 0;
    ERR_clear_error();
    std::size_t size = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &size);
    if (result == 1)
        ec.clear();
    else
        judge(result, ec);
    return size;
}

std::size_t Session::write(std::span<const std::byte> from, error_code& ec) noexcept {
    ec.clear();
    if (phase_ == Phase::Handshake) ec = asio::error::would_block;
    if (phase_ == Phase::Failed) ec = asio::error::connection_aborted;  // reading says why
    if (ec || from.empty()) return 0;
    ERR_clear_error();
    std::size_t size = 0;
    const bool blockedReading = blocksOnWrite_;
    const int result = SSL_write_ex(ssl_.get(), from.data(), std::min(from.size(), mostPerRecord), &size);
    if (result == 1) return size;
    if (carrier_.writeError()) {
        ec = carrier_.writeError();  // reading may go on, to learn why
    } else {
        judge(result, ec);
        blocksOnWrite_ = blockedReading;
    }
    return 0;
}

bool Session::sendEnd() noexcept {
    if (phase_ != Phase::Established || hasSentEnd_ || carrier_.writeError()) return true;
    ERR_clear_error();
    const int result = SSL_shutdown(ssl_.get());
    const bool isBlocked = result < 0 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_WRITE;
    hasSentEnd_ = !isBlocked;
    ERR_clear_error();
    return hasSentEnd_;
}

bool Session::hasBuffered() const noexcept {
    return end_ || carrier_.hasInput() || SSL_has_pending(ssl_.get()) != 0;
}

void Session::judge(int result, error_code& ec) noexcept {
    const int reason = SSL_get_error(ssl_.get(), result);
    blocksOnWrite_ = reason == SSL_ERROR_WANT_WRITE;
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) {
        ec = asio::error::would_block;
        return;
    }
    if (reason == SSL_ERROR_ZERO_RETURN) {
        end_ = asio::error::eof;  // this side may still write
    } else {
        end_ = causeOfFailure();
        phase_ = Phase::Failed;
    }
    ec = end_;
}

/// What OpenSSL says, unless it is merely that the stream has ended.
error_code Session::causeOfFailure() const noexcept {
    const bool isHandshake = phase_ == Phase::Handshake;
    const unsigned long queued = ERR_peek_error();
    const bool isTold = queued != 0 && ERR_GET_REASON(queued) != SSL_R_UNEXPECTED_EOF_WHILE_READING;
    const error_code& unsent = carrier_.writeError();
    if (!isTold && isHandshake && unsent && !transport::isOfPeer(unsent)) {
        ERR_clear_error();
        return unsent;
    }
    if (!isTold && carrier_.end()) {
        ERR_clear_error();
        if (carrier_.end() == asio::error::eof)
            return isHandshake ? TlsError::ClosedInHandshake : TlsError::Truncated;
        const bool isReset = carrier_.end() == asio::error::connection_reset;
        return isReset && isHandshake ? error_code(TlsError::ClosedInHandshake) : carrier_.end();
    }
    if (isTold && ERR_GET_REASON(queued) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        ERR_clear_error();
        return refusedCertificate(SSL_get_verify_result(ssl_.get()));
    }
    return takeQueuedError();
}

}  // namespace tempeh::tls

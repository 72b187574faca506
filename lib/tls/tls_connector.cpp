#include "tls/tls_connector.hpp"

#include "tls/material_store.hpp"
#include "tls/tls_address_text.hpp"
#include "tls/tls_error.hpp"
#include "tls/tls_stream.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace tempeh::tls {

namespace {

/// Two names that share an address and a port are two servers.
std::string keyOf(const TcpClientAddress& server, const std::string& name) {
    return name + '|' + server.host + '|' + std::to_string(server.port);
}

}  // namespace

/// Ends a handshake that takes too long.
struct TlsConnector::Alarm {
    transport::Stream* carrier;  // null: the handshake is over
    bool hasRung = false;
};

TlsConnector::TlsConnector(std::unique_ptr<transport::Connector> below, const asio::any_io_executor& executor,
                           std::shared_ptr<TlsContext> context)
    : below_(std::move(below)), executor_(executor), context_(std::move(context)), limit_(executor) {}

TlsConnector::~TlsConnector() {
    if (alarm_ != nullptr) alarm_->carrier = nullptr;
}

asio::awaitable<std::unique_ptr<transport::Stream>> TlsConnector::connect(Address address, error_code& ec) {
    std::unique_ptr<transport::Stream> stream;
    const std::optional<TcpClientAddress> tcp = tcpClient(address);
    const MaterialStore* const store = MaterialStore::of(context_.get(), tcp.has_value(), ec);
    if (ec) co_return stream;
    Address below = *tcp;
    carrier_ = co_await below_->connect(std::move(below), ec);
    if (carrier_ == nullptr) co_return stream;
    const std::shared_ptr<const Material> material = store->current();
    const std::string& wanted = material->options().expectedName;
    const std::string name = wanted.empty() ? tcp->host : wanted;
    std::unique_ptr<Session> session = Session::ofClient(material, *carrier_, name, keyOf(*tcp, name));
    startAlarm(material->options().handshakeTimeout);
    co_await shakeHands(*session, ec);
    alarm_->carrier = nullptr;
    limit_.cancel();
    if (isCancelled_)
        ec = asio::error::operation_aborted;
    else if (alarm_->hasRung && ec)
        ec = TlsError::HandshakeTimeout;
    if (!ec) stream = std::make_unique<TlsStream>(std::move(carrier_), std::move(session), executor_);
    session.reset();
    carrier_.reset();
    co_return stream;
}

asio::awaitable<void> TlsConnector::shakeHands(Session& session, error_code& ec) {
    for (;;) {
        session.handshake(ec);
        if (ec != asio::error::would_block) co_return;
        ec.clear();
        if (isCancelled_) ec = asio::error::operation_aborted;
        if (ec) co_return;
        if (session.blocksOnWrite())
            co_await carrier_->waitWritable(ec);
        else
            co_await carrier_->waitReadable(ec);
        if (ec) co_return;
    }
}

void TlsConnector::startAlarm(asio::steady_timer::duration limit) {
    alarm_ = std::make_shared<Alarm>(Alarm{carrier_.get()});
    limit_.expires_after(std::min<asio::steady_timer::duration>(limit, std::chrono::hours(24)));
    limit_.async_wait([alarm = alarm_](const error_code& ended) {
        if (ended || alarm->carrier == nullptr) return;
        alarm->hasRung = true;
        alarm->carrier->close();
    });
}

void TlsConnector::cancel() noexcept {
    isCancelled_ = true;
    below_->cancel();
    limit_.cancel();
    if (carrier_ != nullptr) carrier_->close();
}

Status TlsConnector::statusOf(const error_code& ec) const noexcept {
    return isDisconnect(ec) ? Status::PeerDisconnected : below_->statusOf(ec);
}

}  // namespace tempeh::tls

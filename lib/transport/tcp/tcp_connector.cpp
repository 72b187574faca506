#include "transport/tcp/tcp_connector.hpp"

#include "transport/socket_calls.hpp"
#include "transport/tcp/tcp_options.hpp"
#include "transport/tcp/tcp_stream.hpp"
#include "transport/waits.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

namespace tempeh::transport {

namespace {

/// Limit for one try in the first round. Long enough to send a lost SYN again.
constexpr std::chrono::seconds firstTry{2};

}  // namespace

/// Ends a try that takes too long.
struct TcpConnector::Alarm {
    StreamSocket* socket;  // null: the try is over
    bool hasRung = false;
};

TcpConnector::TcpConnector(const asio::any_io_executor& executor, const SocketOptions& options,
                           LookupFunction lookUp)
    : options_(options), resolver_(executor, std::move(lookUp)), socket_(executor), limit_(executor) {}

asio::awaitable<std::unique_ptr<Stream>> TcpConnector::connect(Address address, error_code& ec) {
    std::unique_ptr<Stream> stream;
    ec.clear();
    start_ = std::chrono::steady_clock::now();
    TcpEndpoints endpoints;
    if (auto* const tcp = std::get_if<TcpClientAddress>(&address)) {
        endpoints = co_await resolver_.resolve(std::move(tcp->host), tcp->port, ec);
    } else {
        ec = Status::WrongAddress;
    }
    for (const Duration most : {Duration(firstTry), Duration::max()}) {
        if (endpoints.empty()) break;  // after cancellation the coroutine must not await anything
        const bool isConnected = co_await tryEach(endpoints, most, ec);
        if (!isConnected) continue;
        stream = std::make_unique<TcpStream>(std::move(socket_), endpoints.front());
        co_return stream;
    }
    if (cancelled_) ec = asio::error::operation_aborted;
    error_code ignored;
    socket_.close(ignored);
    co_return stream;
}

/// True: connected, to the first of `endpoints`. False: `endpoints` now holds those that did not answer in
/// time. A single endpoint gets all the remaining time.
asio::awaitable<bool> TcpConnector::tryEach(TcpEndpoints& endpoints, Duration most, error_code& ec) {
    TcpEndpoints slow;
    const bool isAlone = endpoints.size() == 1 && most != Duration::max();
    for (std::size_t i = 0; i != endpoints.size() && !cancelled_; ++i) {
        const Duration left = options_.connectTimeout - (std::chrono::steady_clock::now() - start_);
        std::optional<Duration> limit = std::min(most, left / static_cast<int>(endpoints.size() - i));
        if (isAlone) limit.reset();
        co_await connectTo(endpoints[i], limit, ec);
        if (ec == asio::error::operation_aborted) break;
        if (ec == asio::error::timed_out && !isAlone) slow.push_back(endpoints[i]);
        if (ec || cancelled_) continue;
        std::swap(endpoints.front(), endpoints[i]);
        co_return true;
    }
    endpoints = std::move(slow);
    co_return false;
}

std::shared_ptr<TcpConnector::Alarm> TcpConnector::startAlarm(Duration limit) {
    auto alarm = std::make_shared<Alarm>(Alarm{&socket_});
    limit_.expires_after(std::min<Duration>(limit, std::chrono::hours(24)));
    limit_.async_wait([alarm](const error_code& ended) {
        if (ended || alarm->socket == nullptr) return;
        alarm->hasRung = true;
        error_code ignored;
        alarm->socket->cancel(ignored);
    });
    return alarm;
}

asio::awaitable<void> TcpConnector::connectTo(StreamEndpoint endpoint, std::optional<Duration> limit,
                                              error_code& ec) {
    socket_.close(ec);
    openSocket(socket_, endpoint, ec);
    if (ec) co_return;
    applyTcpOptions(socket_, options_, endpoint);
    const std::shared_ptr<Alarm> alarm = limit ? startAlarm(*limit) : nullptr;
    co_await transport::connectTo(socket_, endpoint, ec);
    if (alarm != nullptr) {
        alarm->socket = nullptr;
        limit_.cancel();
        if (alarm->hasRung && ec == asio::error::operation_aborted) ec = asio::error::timed_out;
    }
    if (!ec && isConnectedToItself()) ec = asio::error::connection_refused;
}

// A port in the ephemeral range without a listener may be assigned to the connecting socket itself; TCP then
// connects the socket to itself.
bool TcpConnector::isConnectedToItself() const {
    error_code local;
    error_code remote;
    return socket_.local_endpoint(local) == socket_.remote_endpoint(remote) && !local && !remote;
}

void TcpConnector::cancel() noexcept {
    cancelled_ = true;
    resolver_.cancel();
    limit_.cancel();
    error_code ignored;
    socket_.close(ignored);
}

}  // namespace tempeh::transport

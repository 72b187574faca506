#include "transport/socket_connector.hpp"

#include "transport/endpoints.hpp"
#include "transport/socket_calls.hpp"
#include "transport/socket_stream.hpp"
#include "transport/waits.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tempeh::transport {

namespace {

/// In the first round. Long enough for a SYN that is lost to be sent again.
constexpr std::chrono::seconds firstTry{2};

}  // namespace

/// Ends an attempt to connect that takes too long.
struct SocketConnector::Alarm {
    StreamSocket* socket;  // null: the attempt is over
    bool hasRung = false;
};

SocketConnector::SocketConnector(const asio::any_io_executor& executor, const SocketOptions& options,
                                 LookupFunction lookUp)
    : options_(options), resolver_(executor, std::move(lookUp)), socket_(executor), retry_(executor) {}

asio::awaitable<std::unique_ptr<Stream>> SocketConnector::connect(Address address, error_code& ec) {
    std::unique_ptr<Stream> stream;
    ec.clear();
    start_ = std::chrono::steady_clock::now();
    std::vector<StreamEndpoint> endpoints = co_await findEndpoints(std::move(address), ec);
    for (const Duration most : {Duration(firstTry), Duration::max()}) {
        if (endpoints.empty()) break;  // a coroutine that was cancelled must not await anything more
        const bool isConnected = co_await tryEach(endpoints, most, ec);
        if (!isConnected) continue;
        stream = std::make_unique<SocketStream>(std::move(socket_), endpoints.front());
        co_return stream;
    }
    if (cancelled_) ec = asio::error::operation_aborted;
    error_code ignored;
    socket_.close(ignored);
    co_return stream;
}

/// True: connected, to the first of `endpoints`. False: those are left in it that did not answer in time. One
/// that is alone has all the time there is.
asio::awaitable<bool> SocketConnector::tryEach(std::vector<StreamEndpoint>& endpoints, Duration most,
                                               error_code& ec) {
    std::vector<StreamEndpoint> slow;
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

asio::awaitable<std::vector<StreamEndpoint>> SocketConnector::findEndpoints(Address address, error_code& ec) {
    std::vector<StreamEndpoint> endpoints;
    if (auto* const tcp = std::get_if<TcpClientAddress>(&address)) {
        const TcpEndpoints found = co_await resolver_.resolve(std::move(tcp->host), tcp->port, ec);
        endpoints.assign(found.begin(), found.end());
    } else if (const auto* const uds = std::get_if<UdsClientAddress>(&address)) {
        const StreamEndpoint endpoint = unixEndpoint(uds->path, ec);
        if (!ec) endpoints.push_back(endpoint);
    } else {
        ec = Status::WrongAddress;
    }
    co_return endpoints;
}

std::shared_ptr<SocketConnector::Alarm> SocketConnector::startAlarm(Duration limit) {
    auto alarm = std::make_shared<Alarm>(Alarm{&socket_});
    retry_.expires_after(std::min<Duration>(limit, std::chrono::hours(24)));
    retry_.async_wait([alarm](const error_code& ended) {
        if (ended || alarm->socket == nullptr) return;
        alarm->hasRung = true;
        error_code ignored;
        alarm->socket->cancel(ignored);
    });
    return alarm;
}

asio::awaitable<void> SocketConnector::connectTo(StreamEndpoint endpoint, std::optional<Duration> limit,
                                                 error_code& ec) {
    socket_.close(ec);
    openSocket(socket_, endpoint, ec);
    if (ec) co_return;
    applyOptions(socket_, options_, endpoint);
    if (isUnix(endpoint)) {
        co_await connectUnix(endpoint, ec);
        co_return;
    }
    const std::shared_ptr<Alarm> alarm = limit ? startAlarm(*limit) : nullptr;
    co_await transport::connectTo(socket_, endpoint, ec);
    if (alarm != nullptr) {
        alarm->socket = nullptr;
        retry_.cancel();
        if (alarm->hasRung && ec == asio::error::operation_aborted) ec = asio::error::timed_out;
    }
    if (!ec && isConnectedToItself()) ec = asio::error::connection_refused;
}

// A Unix socket connects at once or not at all; while the server's backlog is full there is nothing to wait
// for, so it is tried again until the caller gives up. (Asio takes the full backlog for a connection in
// progress, and then for success.)
asio::awaitable<void> SocketConnector::connectUnix(StreamEndpoint endpoint, error_code& ec) {
    using namespace std::chrono_literals;
    for (std::chrono::milliseconds pause = 1ms;;
         pause = std::min<std::chrono::milliseconds>(pause * 2, 16ms)) {
        connectOnce(socket_, endpoint, ec);
        if (ec != asio::error::would_block) co_return;
        retry_.expires_after(pause);
        co_await waitFor(retry_, ec);
        if (cancelled_) ec = asio::error::operation_aborted;
        if (ec) co_return;
    }
}

// A port of the ephemeral range that nobody listens on may be given to the connecting socket itself, and TCP
// then connects it to itself.
bool SocketConnector::isConnectedToItself() const {
    error_code local;
    error_code remote;
    return socket_.local_endpoint(local) == socket_.remote_endpoint(remote) && !local && !remote;
}

void SocketConnector::cancel() noexcept {
    cancelled_ = true;
    resolver_.cancel();
    retry_.cancel();
    error_code ignored;
    socket_.close(ignored);
}

}  // namespace tempeh::transport

#include "transport/socket_connector.hpp"

#include "transport/endpoints.hpp"
#include "transport/socket_calls.hpp"
#include "transport/socket_stream.hpp"
#include "transport/waits.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tempeh::transport {

SocketConnector::SocketConnector(const asio::any_io_executor& executor, const SocketOptions& options)
    : options_(options), resolver_(executor), socket_(executor), retry_(executor) {}

asio::awaitable<std::unique_ptr<Stream>> SocketConnector::connect(Address address, error_code& ec) {
    std::unique_ptr<Stream> stream;
    ec.clear();
    const std::vector<StreamEndpoint> endpoints = co_await findEndpoints(std::move(address), ec);
    for (const StreamEndpoint& endpoint : endpoints) {
        if (cancelled_) break;
        co_await connectTo(endpoint, ec);
        if (ec == asio::error::operation_aborted) break;
        if (ec || cancelled_) continue;
        stream = std::make_unique<SocketStream>(std::move(socket_), endpoint);
        co_return stream;
    }
    if (cancelled_) ec = asio::error::operation_aborted;
    error_code ignored;
    socket_.close(ignored);
    co_return stream;
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

asio::awaitable<void> SocketConnector::connectTo(StreamEndpoint endpoint, error_code& ec) {
    socket_.close(ec);
    openSocket(socket_, endpoint, ec);
    if (ec) co_return;
    applyOptions(socket_, options_, endpoint);
    if (isUnix(endpoint)) {
        co_await connectUnix(endpoint, ec);
        co_return;
    }
    co_await transport::connectTo(socket_, endpoint, ec);
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

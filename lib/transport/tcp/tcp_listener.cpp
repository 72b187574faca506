#include "transport/tcp/tcp_listener.hpp"

#include "transport/socket_calls.hpp"
#include "transport/tcp/tcp_options.hpp"
#include "transport/tcp/tcp_stream.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/system/errc.hpp>

#include <algorithm>
#include <cstring>
#include <utility>
#include <variant>

namespace tempeh::transport {

namespace {

namespace errc = boost::system::errc;

bool isWithoutIpv6(const error_code& ec) {
    return ec == errc::address_family_not_supported || ec == errc::address_not_available ||
           ec == errc::protocol_not_supported || ec == errc::no_protocol_option;
}

}  // namespace

TcpListener::TcpListener(const asio::any_io_executor& executor, const SocketOptions& options)
    : SocketListener(executor, options), resolver_(executor) {}

asio::awaitable<void> TcpListener::open(Address address, error_code& ec) {
    ec.clear();
    auto* const tcp = std::get_if<TcpServerAddress>(&address);
    if (tcp == nullptr) ec = Status::WrongAddress;
    if (closed_) ec = asio::error::operation_aborted;
    if (ec) co_return;
    if (tcp->host.empty()) {
        openEveryInterface(tcp->port, ec);
        co_return;
    }
    const TcpEndpoints endpoints = co_await resolver_.resolve(std::move(tcp->host), tcp->port, ec);
    for (const asio::ip::tcp::endpoint& endpoint : endpoints) {
        listenOn(endpoint, false, ec);
        if (!ec) co_return;
    }
}

void TcpListener::openEveryInterface(std::uint16_t port, error_code& ec) {
    listenOn({asio::ip::address_v6::any(), port}, true, ec);
    if (isWithoutIpv6(ec)) listenOn({asio::ip::address_v4::any(), port}, false, ec);
}

void TcpListener::listenOn(const asio::ip::tcp::endpoint& endpoint, bool dualStack, error_code& ec) {
    openSocket(acceptor(), endpoint, ec);
    if (ec) return;
    allowQuickRebind(acceptor().native_handle(), ec);
    if (!ec && options().reusePort) allowSharedPort(acceptor().native_handle(), ec);
    if (!ec && endpoint.address().is_v6()) acceptor().set_option(asio::ip::v6_only(!dualStack), ec);
    applyBufferSizes(acceptor(), options());
    if (!ec) acceptor().bind(endpoint, ec);
    if (!ec) acceptor().listen(options().backlog, ec);
    asio::ip::tcp::endpoint local;
    if (!ec) {
        const StreamEndpoint bound = acceptor().local_endpoint(ec);
        std::memcpy(local.data(), bound.data(), std::min(bound.size(), local.capacity()));
    }
    if (ec) return closeAcceptor();
    setBound(TcpServerAddress(dualStack ? std::string() : local.address().to_string(), local.port()));
}

std::unique_ptr<Stream> TcpListener::makeStream(StreamSocket socket, const StreamEndpoint& peer) {
    applyTcpOptions(socket, options(), peer);
    return std::make_unique<TcpStream>(std::move(socket), peer);
}

void TcpListener::close() noexcept {
    closed_ = true;
    resolver_.cancel();
    closeAcceptor();
}

}  // namespace tempeh::transport

#include "transport/socket_listener.hpp"

#include "transport/endpoints.hpp"
#include "transport/folder_lock.hpp"
#include "transport/socket_calls.hpp"
#include "transport/socket_stream.hpp"
#include "transport/waits.hpp"

#include <tempeh/transport/test_addresses.hpp>

#include <boost/asio/ip/v6_only.hpp>
#include <boost/system/errc.hpp>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

namespace tempeh::transport {

namespace {

namespace errc = boost::system::errc;

constexpr int maxAcceptsInARow = 16;

// The connection went away before it was accepted (Linux passes its network errors on here); the next one may
// be fine.
bool isOfOneConnection(const error_code& ec) {
    return ec == errc::connection_aborted || ec == errc::interrupted || ec == errc::protocol_error ||
           ec == errc::connection_reset || ec == errc::network_down || ec == errc::network_unreachable ||
           ec == errc::host_unreachable || ec == errc::no_protocol_option || ec == errc::timed_out ||
           ec == errc::operation_not_permitted;  // a firewall rule of this one's
}

bool isWithoutIpv6(const error_code& ec) {
    return ec == errc::address_family_not_supported || ec == errc::address_not_available ||
           ec == errc::protocol_not_supported || ec == errc::no_protocol_option;
}

}  // namespace

SocketListener::SocketListener(const asio::any_io_executor& executor, const SocketOptions& options)
    : options_(options), resolver_(executor), acceptor_(executor), retry_(executor) {}

asio::awaitable<void> SocketListener::open(Address address, error_code& ec) {
    ec.clear();
    if (closed_) {
        ec = asio::error::operation_aborted;
    } else if (auto* const tcp = std::get_if<TcpServerAddress>(&address)) {
        co_await openTcp(std::move(*tcp), ec);
    } else if (auto* const uds = std::get_if<UdsServerAddress>(&address)) {
        co_await openUnix(std::move(*uds), ec);
    } else {
        ec = Status::WrongAddress;
    }
}

asio::awaitable<void> SocketListener::openTcp(TcpServerAddress address, error_code& ec) {
    if (address.host.empty()) {
        openEveryInterface(address.port, ec);
        co_return;
    }
    const TcpEndpoints endpoints = co_await resolver_.resolve(std::move(address.host), address.port, ec);
    for (const asio::ip::tcp::endpoint& endpoint : endpoints) {
        listenTcp(endpoint, false, ec);
        if (!ec) co_return;
    }
}

void SocketListener::openEveryInterface(std::uint16_t port, error_code& ec) {
    listenTcp({asio::ip::address_v6::any(), port}, true, ec);
    if (isWithoutIpv6(ec)) listenTcp({asio::ip::address_v4::any(), port}, false, ec);
}

void SocketListener::listenTcp(const asio::ip::tcp::endpoint& endpoint, bool dualStack, error_code& ec) {
    openSocket(acceptor_, endpoint, ec);
    if (ec) return;
    allowQuickRebind(acceptor_.native_handle(), ec);
    if (!ec && dualStack) acceptor_.set_option(asio::ip::v6_only(false), ec);
    applyOptions(acceptor_, options_);
    if (!ec) acceptor_.bind(endpoint, ec);
    if (!ec) acceptor_.listen(options_.backlog, ec);
    asio::ip::tcp::endpoint local;
    if (!ec) {
        const StreamEndpoint bound = acceptor_.local_endpoint(ec);
        std::memcpy(local.data(), bound.data(), std::min(bound.size(), local.capacity()));
    }
    if (ec) {
        error_code ignored;
        acceptor_.close(ignored);
        return;
    }
    bound_ = TcpServerAddress(dualStack ? std::string() : local.address().to_string(), local.port());
}

asio::awaitable<void> SocketListener::openUnix(UdsServerAddress address, error_code& ec) {
    constexpr int freshPathAttempts = 8;
    if (isAbstractName(address.path)) {
        listenAbstract(address.path, ec);
    } else if (!address.path.empty()) {
        co_await listenPath(address.path, address.mode, ec);
    } else {
        for (int attempt = 0; attempt < freshPathAttempts; ++attempt) {
            address.path = temporaryUdsPath();
            co_await listenPath(address.path, address.mode, ec);
            if (ec != asio::error::address_in_use) break;
        }
    }
    if (!ec) bound_ = std::move(address);
}

void SocketListener::listenAbstract(const std::string& name, error_code& ec) {
    const StreamEndpoint endpoint = unixEndpoint(name, ec);
    if (!ec) openSocket(acceptor_, endpoint, ec);
    if (ec) return;
    applyOptions(acceptor_, options_);
    acceptor_.bind(endpoint, ec);
    if (!ec) acceptor_.listen(options_.backlog, ec);
    error_code ignored;
    if (ec) acceptor_.close(ignored);
}

asio::awaitable<void> SocketListener::listenPath(std::string path, std::optional<std::uint32_t> mode,
                                                 error_code& ec) {
    using namespace std::chrono_literals;
    // Others hold the lock for microseconds. Whoever keeps it longer must not keep servers from starting:
    // then the path is bound without it, and a stale file there is an error.
    constexpr int lockAttempts = 400;
    constexpr auto lockPause = 5ms;

    const StreamEndpoint endpoint = unixEndpoint(path, ec);
    if (ec) co_return;
    FolderLock lock;
    for (int attempt = 0; attempt < lockAttempts; ++attempt) {
        lock.tryLock(path, ec);
        if (ec != asio::error::would_block) break;
        retry_.expires_after(lockPause);
        co_await waitFor(retry_, ec);
        if (closed_) ec = asio::error::operation_aborted;
        if (ec) co_return;
    }
    openSocket(acceptor_, endpoint, ec);
    if (ec) co_return;
    applyOptions(acceptor_, options_);
    file_.bindAndListen(acceptor_, path, mode, options_.backlog, lock.isLocked(), ec);
    error_code ignored;
    if (ec) acceptor_.close(ignored);
}

asio::awaitable<std::unique_ptr<Stream>> SocketListener::accept(error_code& ec) {
    std::unique_ptr<Stream> stream;
    for (;;) {
        if (!acceptor_.is_open()) {
            ec = asio::error::operation_aborted;
            co_return stream;
        }
        if (acceptedInARow_ < maxAcceptsInARow) {
            ++acceptedInARow_;
            StreamSocket socket(acceptor_.get_executor());
            StreamEndpoint peer;
            acceptOnce(acceptor_, socket, peer, ec);
            if (!ec) {
                applyOptions(socket, options_, peer);
                stream = std::make_unique<SocketStream>(std::move(socket), peer);
                co_return stream;
            }
            if (ec != asio::error::would_block && !isOfOneConnection(ec)) co_return stream;
        }
        acceptedInARow_ = 0;
        co_await waitFor(acceptor_, asio::socket_base::wait_read, ec);
        if (ec) co_return stream;
    }
}

void SocketListener::close() noexcept {
    closed_ = true;
    resolver_.cancel();
    retry_.cancel();
    file_.remove();
    error_code ignored;
    acceptor_.close(ignored);
}

}  // namespace tempeh::transport

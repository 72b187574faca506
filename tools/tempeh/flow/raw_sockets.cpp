#include "flow/raw_sockets.hpp"

#include "cli/exit_code.hpp"
#include "text/address.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace tool {

namespace {

using asio::ip::tcp;
using Local = asio::local::stream_protocol;
using Endpoint = RawProtocol::endpoint;

constexpr const char* anyInterface = "::";
constexpr auto pause = std::chrono::milliseconds(10);  // between two looks at a full backlog
constexpr int mostAttempts = 1000;

/// A socket file that refuses connections belongs to a program that is gone.
void removeStale(const asio::any_io_executor& executor, const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return;
    Local::socket probe(executor);
    tempeh::error_code ec;
    probe.connect(Local::endpoint(path), ec);
    if (ec == asio::error::connection_refused) ::unlink(path.c_str());
}

Endpoint listenEndpoint(const asio::any_io_executor& executor, const tempeh::Address& address) {
    if (const auto* uds = std::get_if<tempeh::UdsServerAddress>(&address)) {
        if (uds->path.empty()) throw Failure(exitUsage, "a Unix socket needs a path here");
        removeStale(executor, uds->path);
        return Local::endpoint(uds->path);
    }
    const auto& server = std::get<tempeh::TcpServerAddress>(address);
    tcp::resolver resolver(executor);
    const std::string host = server.host.empty() ? anyInterface : server.host;
    return resolver.resolve(host, std::to_string(server.port), tcp::resolver::passive).begin()->endpoint();
}

/// A full backlog says EAGAIN at once, which Asio takes for "in progress", and a connection that is none for
/// open. So it is asked again until there is room, like a program that blocks.
asio::awaitable<RawSocket> connectUnix(asio::any_io_executor executor, Endpoint endpoint) {
    RawSocket socket(executor);
    socket.open(endpoint.protocol());
    socket.non_blocking(true);
    asio::steady_timer timer(executor);
    for (int attempts = 0;; ++attempts) {
        if (::connect(socket.native_handle(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0)
            co_return socket;
        const int failure = errno;
        if (failure == EINTR) continue;
        if (failure != EAGAIN || attempts == mostAttempts)
            throw boost::system::system_error(failure, boost::system::system_category());
        timer.expires_after(pause);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

}  // namespace

RawAcceptor listenRaw(const asio::any_io_executor& executor, const tempeh::Address& address) {
    try {
        const Endpoint endpoint = listenEndpoint(executor, address);
        RawAcceptor acceptor(executor);
        acceptor.open(endpoint.protocol());
        acceptor.set_option(asio::socket_base::reuse_address(true));
        acceptor.bind(endpoint);
        acceptor.listen();
        return acceptor;
    } catch (const boost::system::system_error& error) {
        throw Failure(exitUnreachable, "cannot listen on " + pasteable(tempeh::toString(address)) + ": " +
                                           error.code().message());
    }
}

std::string addressOf(const RawAcceptor& acceptor) {
    const Endpoint endpoint = acceptor.local_endpoint();
    if (endpoint.data()->sa_family == AF_UNIX) {
        sockaddr_un name{};
        std::memcpy(&name, endpoint.data(), std::min(endpoint.size(), sizeof name));
        return std::string("uds|") + name.sun_path;
    }
    char host[NI_MAXHOST] = {};
    char port[NI_MAXSERV] = {};
    ::getnameinfo(endpoint.data(), static_cast<socklen_t>(endpoint.size()), host, sizeof host, port,
                  sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    return std::string("tcp|") + host + "|" + port;
}

asio::awaitable<RawSocket> connectRaw(tempeh::Address address) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    if (const auto* uds = std::get_if<tempeh::UdsClientAddress>(&address)) {
        RawSocket socket = co_await connectUnix(executor, Local::endpoint(uds->path));
        co_return socket;
    }
    const auto& server = std::get<tempeh::TcpClientAddress>(address);
    tcp::resolver resolver(executor);
    const std::string port = std::to_string(server.port);
    const auto endpoints = co_await resolver.async_resolve(server.host, port, asio::use_awaitable);
    tcp::socket socket(executor);
    co_await asio::async_connect(socket, endpoints, asio::use_awaitable);
    socket.set_option(tcp::no_delay(true));
    co_return RawSocket(std::move(socket));
}

void removeSocketFile(const RawAcceptor& acceptor) noexcept {
    try {
        const std::string address = addressOf(acceptor);
        if (address.starts_with("uds|") && address.size() > 4) ::unlink(address.c_str() + 4);
    } catch (const std::exception&) {
        return;
    }
}

}  // namespace tool

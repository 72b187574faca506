#include "base/escape.hpp"
#include "transport/process_id.hpp"
#include "transport/socket_calls.hpp"

#include <tempeh/transport/test_addresses.hpp>
#include <tempeh/wire/address.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>
#include <system_error>

namespace tempeh {

namespace {

using boost::asio::ip::tcp;

std::uint16_t bindAnyPort(const tcp& protocol, error_code& ec) {
    boost::asio::io_context context;
    transport::StreamAcceptor acceptor(context);
    transport::openSocket(acceptor, tcp::endpoint(protocol, 0), ec);  // child processes do not inherit it
    if (!ec && protocol == tcp::v6()) acceptor.set_option(boost::asio::ip::v6_only(false), ec);
    if (!ec) acceptor.bind(tcp::endpoint(protocol, 0), ec);
    if (ec) return 0;
    tcp::endpoint local;
    const transport::StreamEndpoint bound = acceptor.local_endpoint(ec);
    if (!ec) std::memcpy(local.data(), bound.data(), std::min(bound.size(), local.capacity()));
    return local.port();
}

}  // namespace

std::uint16_t findFreeTcpPort(error_code& ec) {
    const std::uint16_t port = bindAnyPort(tcp::v6(), ec);
    return ec ? bindAnyPort(tcp::v4(), ec) : port;
}

std::uint16_t findFreeTcpPort() {
    error_code ec;
    const std::uint16_t port = findFreeTcpPort(ec);
    if (ec) throw Error(ec, "findFreeTcpPort");
    return port;
}

std::string temporaryUdsPath() {
    // Process id and counter distinguish concurrent paths; the random part distinguishes them from files that
    // dead processes left behind.
    static std::atomic<unsigned> counter{0};
    std::array<char, 64> name{};
    std::snprintf(name.data(), name.size(), "tempeh-%ld-%u-%08x.sock", transport::processId(),
                  counter.fetch_add(1, std::memory_order_relaxed), std::random_device{}());
    std::error_code failed;
    const std::filesystem::path folder = std::filesystem::temp_directory_path(failed);
    std::string path = ((failed ? std::filesystem::path("/tmp") : folder) / name.data()).string();
    // As an address, the path must fit into a text header.
    if (path.size() > wire::maxUdsPath || base::hasControl(path)) path = std::string("/tmp/") + name.data();
    return path;
}

}  // namespace tempeh

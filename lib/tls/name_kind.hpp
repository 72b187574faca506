#pragma once

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <span>
#include <string>

/// Host names and IP addresses, which certificates tell apart.
namespace tempeh::tls {

inline bool isIpAddress(const std::string& host) noexcept {
    boost::system::error_code ec;
    boost::asio::ip::make_address(host.c_str(), ec);
    return !ec;
}

template <std::size_t size>
std::string addressText(std::span<const unsigned char, size> octets) {
    using Ip = std::conditional_t<size == 4, boost::asio::ip::address_v4, boost::asio::ip::address_v6>;
    typename Ip::bytes_type bytes{};
    std::copy(octets.begin(), octets.end(), bytes.begin());
    return Ip(bytes).to_string();
}

}  // namespace tempeh::tls

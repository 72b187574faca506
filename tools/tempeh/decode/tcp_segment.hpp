#pragma once

#include "decode/capture.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tool {

/// The TCP part of a packet.
struct TcpSegment {
    std::string from;  ///< `HOST:PORT`
    std::string to;
    std::uint16_t fromPort = 0;
    std::uint16_t toPort = 0;
    std::uint32_t sequence = 0;
    bool isSyn = false;
    std::string_view payload;
};

/// Nothing for a packet of another kind, or a fragment. Ethernet with VLAN tags, Linux cooked (both),
/// loopback and raw IP; IPv4 and IPv6.
std::optional<TcpSegment> tcpSegmentOf(const Packet& packet);

}  // namespace tool

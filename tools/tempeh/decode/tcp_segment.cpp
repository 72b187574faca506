#include "decode/tcp_segment.hpp"

#include "decode/bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>

namespace tool {

namespace {

constexpr std::uint16_t etherIpv4 = 0x0800;
constexpr std::uint16_t etherIpv6 = 0x86dd;
constexpr std::uint8_t protocolTcp = 6;

struct Ip {
    std::string from;
    std::string to;
    std::string_view payload;
};

/// Where the IP packet begins; nothing when it is something else.
std::optional<std::size_t> ipOffset(const Packet& packet) {
    const Bytes bytes(packet.bytes);
    std::size_t typeAt = 0;
    switch (packet.linkType) {
        case 0:    // BSD loopback
        case 108:  // OpenBSD loopback
            return 4;
        case 12:
        case 14:
        case 101:  // raw IP
        case 228:
        case 229:
            return 0;
        case 1:  // Ethernet
            typeAt = 12;
            break;
        case 113:  // Linux cooked
            typeAt = 14;
            break;
        case 276:  // Linux cooked, version 2
            return bytes.u16(0) == etherIpv4 || bytes.u16(0) == etherIpv6 ? std::optional<std::size_t>(20)
                                                                          : std::nullopt;
        default:
            return std::nullopt;
    }
    while (bytes.u16(typeAt) == 0x8100 || bytes.u16(typeAt) == 0x88a8)
        typeAt += 4;
    const bool isIp = bytes.u16(typeAt) == etherIpv4 || bytes.u16(typeAt) == etherIpv6;
    return isIp ? std::optional(typeAt + 2) : std::nullopt;
}

std::string hostOf(int family, std::string_view address) {
    char text[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(family, address.data(), text, sizeof text);
    return family == AF_INET6 ? fmt::format("[{}]", text) : std::string(text);
}

std::optional<Ip> ipv4Of(std::string_view packet) {
    const Bytes bytes(packet);
    const std::size_t head = (bytes.u8(0) & 0x0fU) * 4U;
    const bool isFragment = (bytes.u16(6) & 0x3fffU) != 0;
    if (head < 20 || !bytes.has(0, head) || isFragment || bytes.u8(9) != protocolTcp) return std::nullopt;
    std::size_t total = bytes.u16(2);
    if (total == 0) total = packet.size();  // filled in by the network card, after the capture
    if (total < head) return std::nullopt;
    return Ip{.from = hostOf(AF_INET, bytes.part(12, 4)),
              .to = hostOf(AF_INET, bytes.part(16, 4)),
              .payload = packet.substr(head, total - head)};
}

std::optional<Ip> ipv6Of(std::string_view packet) {
    const Bytes bytes(packet);
    if (!bytes.has(0, 40)) return std::nullopt;
    std::size_t offset = 40;
    std::uint8_t next = bytes.u8(6);
    while (next == 0 || next == 43 || next == 60) {  // hop-by-hop, routing, destination
        if (!bytes.has(offset, 8)) return std::nullopt;
        next = bytes.u8(offset);
        offset += (bytes.u8(offset + 1) + 1U) * 8U;
    }
    std::size_t total = bytes.u16(4) + std::size_t{40};
    if (total == 40) total = packet.size();
    if (next != protocolTcp || offset > total || offset > packet.size()) return std::nullopt;
    return Ip{.from = hostOf(AF_INET6, bytes.part(8, 16)),
              .to = hostOf(AF_INET6, bytes.part(24, 16)),
              .payload = packet.substr(offset, total - offset)};
}

}  // namespace

std::optional<TcpSegment> tcpSegmentOf(const Packet& packet) {
    const std::optional<std::size_t> start = ipOffset(packet);
    if (!start || *start >= packet.bytes.size()) return std::nullopt;
    const std::string_view ipBytes = packet.bytes.substr(*start);
    const std::uint8_t version = Bytes(ipBytes).u8(0) >> 4;
    const std::optional<Ip> ip = version == 4   ? ipv4Of(ipBytes)
                                 : version == 6 ? ipv6Of(ipBytes)
                                                : std::nullopt;
    if (!ip) return std::nullopt;
    const Bytes tcp(ip->payload);
    const std::size_t head = (tcp.u8(12) >> 4) * std::size_t{4};
    if (head < 20 || !tcp.has(0, head)) return std::nullopt;
    TcpSegment segment{.from = {},
                       .to = {},
                       .fromPort = tcp.u16(0),
                       .toPort = tcp.u16(2),
                       .sequence = tcp.u32(4),
                       .isSyn = (tcp.u8(13) & 0x02) != 0,
                       .payload = ip->payload.substr(head)};
    segment.from = fmt::format("{}:{}", ip->from, segment.fromPort);
    segment.to = fmt::format("{}:{}", ip->to, segment.toPort);
    return segment;
}

}  // namespace tool

#include "decode/capture_decoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace tool {

namespace {

using tempeh::BinaryHeader;

BinaryHeader headerOf(std::string_view bytes) {
    const std::span<const std::byte> head = std::as_bytes(std::span(bytes.data(), BinaryHeader::wireSize));
    return BinaryHeader::decode(head.first<BinaryHeader::wireSize>());
}

bool isHelloRequest(const BinaryHeader& header) {
    return header.isValid() && header.opCode == tempeh::OpCode::HelloRequest && header.messageId != 0;
}

}  // namespace

CaptureDecoder::Connection& CaptureDecoder::connectionOf(const TcpSegment& segment) {
    Connection& connection = connections_[std::minmax(segment.from, segment.to)];
    if (segment.isSyn && connection.directions.count(segment.from) != 0) {
        const Direction& known = connection.directions[segment.from];
        const bool isNew = known.parser.fedBytes() != 0 || !known.held.empty();
        if (isNew) connection = Connection();  // the same ports again
    }
    if (port_ && connection.kind == Kind::Unknown) {
        const bool isAsked = segment.fromPort == *port_ || segment.toPort == *port_;
        connection.kind = isAsked ? Kind::Ours : Kind::Other;
    }
    return connection;
}

void CaptureDecoder::take(const Packet& packet) {
    const std::optional<TcpSegment> segment = tcpSegmentOf(packet);
    if (!segment) return;
    if (!firstTime_) firstTime_ = packet.time;
    Connection& connection = connectionOf(*segment);
    if (connection.kind == Kind::Other) return;
    Direction& direction = connection.directions[segment->from];
    direction.place = {.time = static_cast<double>(packet.time - *firstTime_) / 1e9,
                       .from = segment->from,
                       .to = segment->to};
    direction.bytes.add(segment->sequence, segment->isSyn, segment->payload);
    feed(connection, direction, direction.bytes.take());
}

void CaptureDecoder::feed(Connection& connection, Direction& direction, const std::string& bytes) {
    if (bytes.empty() || direction.isBroken) return;
    if (connection.kind == Kind::Unknown) {
        direction.held += bytes;
        if (direction.held.size() < BinaryHeader::wireSize) return;
        const BinaryHeader header = headerOf(direction.held);
        const std::size_t wanted = BinaryHeader::wireSize + header.textHeadersLength;
        if (isHelloRequest(header) && direction.held.size() < wanted) return;
        // The first frame of a connection says where its client wanted to go.
        const std::string_view headers = std::string_view(direction.held).substr(BinaryHeader::wireSize);
        const bool isOurs = isHelloRequest(header) && headers.find("~connect_to:") < header.textHeadersLength;
        connection.kind = isOurs ? Kind::Ours : Kind::Other;
        if (connection.kind == Kind::Other) return;
        for (auto& [sender, one] : connection.directions) {
            const std::string held = std::exchange(one.held, {});
            feed(connection, one, held);
        }
        return;
    }
    direction.parser.feed(bytes);
    if (!printer_.drain(direction.parser, direction.place)) {
        direction.isBroken = true;
        isSound_ = false;
    }
}

bool CaptureDecoder::finish() {
    for (auto& [ends, connection] : connections_) {
        if (connection.kind != Kind::Ours) continue;
        for (auto& [sender, direction] : connection.directions) {
            if (direction.isBroken) continue;
            const std::size_t gap = direction.bytes.gap();
            const std::uint64_t at = direction.parser.fedBytes();
            if (gap != 0) {
                printer_.problem(fmt::format("{} bytes are missing in the capture", gap), at,
                                 direction.place);
            } else if (!direction.parser.finish()) {
                printer_.problem(direction.parser.problem(), direction.parser.problemOffset(),
                                 direction.place);
            } else {
                continue;
            }
            isSound_ = false;
        }
    }
    return isSound_;
}

std::uint64_t CaptureDecoder::otherConnections() const {
    const auto isOther = [](const auto& entry) { return entry.second.kind != Kind::Ours; };
    return static_cast<std::uint64_t>(std::count_if(connections_.begin(), connections_.end(), isOther));
}

}  // namespace tool

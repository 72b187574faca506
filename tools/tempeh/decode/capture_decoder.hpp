#pragma once

#include "decode/capture.hpp"
#include "decode/frame_printer.hpp"
#include "decode/reassembly.hpp"
#include "decode/tcp_segment.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace tool {

/// Finds the conversations of this protocol in the packets of a capture and prints their frames as they were
/// completed. A connection counts when it uses the port asked for, or without one when either side begins
/// with a hello.
class CaptureDecoder {
public:
    CaptureDecoder(FramePrinter& printer, std::optional<std::uint16_t> port)
        : printer_(printer), port_(port) {}

    void take(const Packet& packet);
    /// Says what was left in the middle of a frame or behind a gap. True when nothing was malformed.
    bool finish();

    std::uint64_t otherConnections() const;

private:
    enum class Kind : std::uint8_t { Unknown, Ours, Other };

    struct Direction {
        Reassembly bytes;
        FrameParser parser;
        bool isBroken = false;
        std::string held;  // before it is known what it is
        FramePrinter::Place place;
    };

    struct Connection {
        Kind kind = Kind::Unknown;
        std::map<std::string, Direction> directions;  // by sender
    };

    void feed(Connection& connection, Direction& direction, const std::string& bytes);
    Connection& connectionOf(const TcpSegment& segment);

    FramePrinter& printer_;
    std::optional<std::uint16_t> port_;
    std::optional<std::int64_t> firstTime_;
    std::map<std::pair<std::string, std::string>, Connection> connections_;
    bool isSound_ = true;
};

}  // namespace tool

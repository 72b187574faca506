#pragma once

#include "fuzz/support/fuzz_target.hpp"

#include <tempeh/message/binary_header.hpp>

#include <optional>
#include <string_view>

/// What WIRE says of frames and text headers, written down a second time and as plainly as can be.
namespace tempeh::fuzz::reference {

struct Line {
    std::string_view name;
    std::string_view value;
};

/// The header in one line, nothing when it is malformed.
std::optional<Line> parseLine(std::string_view line);

/// Takes the first line off `block`, its CRLF too.
std::string_view takeLine(std::string_view& block);

/// Every line of the block is empty or a header.
bool isTextBlock(std::string_view block);

struct Frame {
    BinaryHeader header;  // the lengths as claimed
    std::string_view textHeaders;
    std::string_view body;
};

enum class Outcome { Whole, Truncated, Malformed };

/// Takes the next frame off `stream`. Truncated: nothing is taken; also when the text headers are in and
/// malformed, Malformed.
Outcome takeFrame(std::string_view& stream, Frame& frame);

}  // namespace tempeh::fuzz::reference

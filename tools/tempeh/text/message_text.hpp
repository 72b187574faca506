#pragma once

#include "text/json.hpp"
#include "text/printable.hpp"

#include <tempeh/message/message.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tool {

/// `Request more id 5 status 3, 2 headers, 11 bytes`
std::string summaryOf(const tempeh::Message& message);

/// Text headers and body below it, indented; as text where that is possible, else in hex. Ends in a newline
/// unless empty.
std::string detailsOf(const tempeh::Message& message, std::size_t bodyLimit);

/// Adds opcode, id, more, status, headers and body (`body`, or `bodyHex` where it is no text).
void describe(const tempeh::Message& message, Json& json);

/// `name:value`. Throws Failure(exitUsage) for what no text header can carry.
void addHeaders(const std::vector<std::string>& headers, tempeh::TextHeaders& to);

/// Why it happened, without what everybody knows of the status and without the peer, which is named already:
/// `bye exchanged`.
std::string reasonOf(const tempeh::Error& error, std::string_view peer);

/// `1234` as `1.2 KB`, and so on.
std::string bytesText(double bytes);
/// Microseconds as `85.2 us`, `1.35 ms`, `2.10 s`.
std::string timeText(double microseconds);

}  // namespace tool

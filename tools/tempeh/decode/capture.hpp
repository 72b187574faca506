#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace tool {

/// A packet of a capture file, in the order it was captured.
struct Packet {
    std::int64_t time = 0;  ///< Nanoseconds since the epoch.
    std::uint32_t linkType = 0;
    std::string_view bytes;
};

/// Whether it begins like a pcap or pcapng file.
bool isCapture(std::string_view file) noexcept;

/// Calls `take` for every packet of a pcap or pcapng file. Throws Failure(exitMalformed) naming the offset.
void readCapture(std::string_view file, const std::function<void(const Packet&)>& take);

}  // namespace tool

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tool {

/// One direction of a TCP connection: segments in, in any order and more than once; the byte stream out.
class Reassembly {
public:
    /// The first segment seen decides where the stream begins, a SYN exactly so.
    void add(std::uint32_t sequence, bool isSyn, std::string_view payload);

    /// What has become contiguous since the last call.
    std::string take();

    /// Bytes that wait behind a gap, and how large that is; 0 when there is none.
    std::size_t gap() const noexcept;

private:
    std::optional<std::uint32_t> start_;  // sequence number of stream offset 0
    std::uint64_t next_ = 0;              // stream offset of what take() gives next
    std::map<std::uint64_t, std::string> waiting_;
};

}  // namespace tool

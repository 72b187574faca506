#pragma once

#include <tempeh/message/message.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tool {

/// Cuts a byte stream of one direction into frames, and says exactly where it is wrong. Holds no more than
/// one frame and what was fed last.
class FrameParser {
public:
    enum class Step : std::uint8_t { Frame, NeedInput, Malformed };

    void feed(std::string_view bytes);

    /// The next frame into `frame`, with the origin and the channel number as they were sent. Malformed is
    /// said for ever.
    Step next(tempeh::Message& frame);

    /// Where in the stream the frame of the last step begins; what is wrong, where, and its offset.
    std::uint64_t frameOffset() const noexcept { return frameOffset_; }
    const std::string& problem() const noexcept { return problem_; }
    std::uint64_t problemOffset() const noexcept { return problemOffset_; }

    /// True when the stream may end here. Else `problem` says what is missing.
    bool finish();

    /// Bytes of the frame under way: how many it has, and how many of them are here.
    std::uint64_t fedBytes() const noexcept { return position_ + (buffer_.size() - used_); }

private:
    Step fail(std::size_t at, std::string problem);
    Step takeHeaders(std::string_view block, tempeh::Message& frame);

    std::string buffer_;
    std::size_t used_ = 0;        // of buffer_
    std::uint64_t position_ = 0;  // of buffer_[used_] in the stream
    std::uint64_t frameOffset_ = 0;
    std::string problem_;
    std::uint64_t problemOffset_ = 0;
};

}  // namespace tool

#pragma once

#include "decode/frame_parser.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tool {

/// Prints frames of byte streams, for people or as JSON lines.
class FramePrinter {
public:
    struct Options {
        std::uint64_t bodyLimit = 256;
        bool isJson = false;
    };

    /// Where a frame comes from, as far as that is known.
    struct Place {
        std::optional<double> time = {};  ///< Seconds; shown as they are.
        std::string from = {};
        std::string to = {};
    };

    explicit FramePrinter(const Options& options) : options_(options) {}

    void frame(const tempeh::Message& frame, std::uint64_t offset, const Place& place);
    void problem(const std::string& text, std::uint64_t offset, const Place& place);

    /// All frames that are complete; then true, unless the stream is malformed, which is printed once.
    bool drain(FrameParser& parser, const Place& place);

    std::uint64_t frames() const noexcept { return frames_; }

private:
    Options options_;
    std::uint64_t frames_ = 0;
};

}  // namespace tool

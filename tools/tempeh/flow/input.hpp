#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace tool {

/// A body: text from the command line, a file, or standard input.
class Input {
public:
    /// `text`, else `file` ("-": standard input), else standard input unless that is a terminal. Throws
    /// Failure(exitUsage).
    Input(const std::optional<std::string>& text, const std::string& file);
    ~Input();
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;

    /// Fills the room with what comes next; how many bytes, 0 at the end and after stop(). Blocks. Throws
    /// Failure.
    std::size_t read(std::span<std::byte> room);
    /// All of it; throws Failure(exitUsage) when it has more than `limit` bytes.
    std::string readAll(std::size_t limit);

    /// Ends a read() that waits on another thread.
    void stop() noexcept;

private:
    std::string text_;
    std::size_t position_ = 0;
    int descriptor_ = -1;  // -1: the text
    bool ownsDescriptor_ = false;
    int stopPipe_[2] = {-1, -1};
};

}  // namespace tool

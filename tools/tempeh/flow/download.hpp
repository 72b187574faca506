#pragma once

#include <tempeh/flows/stream_reader.hpp>

#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace tool {

namespace asio = boost::asio;

/// Takes an answer, of one part or many, from a thread of its own: writing to a pipe may block.
class Download {
public:
    enum class To : std::uint8_t { Output, Memory, Nowhere };

    /// `file` before `to` when it is not empty. Throws Failure(exitUsage) when it cannot be opened.
    Download(const std::string& file, To to);
    ~Download();
    Download(const Download&) = delete;
    Download& operator=(const Download&) = delete;

    /// Completes when all of it is there. Throws Error, and Failure when it cannot be written.
    asio::awaitable<void> take(tempeh::flows::StreamReader reader);

    // Afterwards:
    /// Header and text headers of the first part, the status of the last; the body when it goes to Memory.
    const tempeh::Message& answer() const noexcept { return answer_; }
    std::uint64_t bytes() const noexcept { return bytes_; }
    /// Whether a line of text behind it would begin at the start of a line.
    bool endsInLine() const noexcept { return endsInLine_; }
    std::uint64_t parts() const noexcept { return parts_; }
    std::chrono::steady_clock::time_point firstPartAt() const noexcept { return firstPartAt_; }

private:
    asio::awaitable<void> takeAll(tempeh::flows::StreamReader reader);
    void takePart(const tempeh::Message& part);
    /// To a file as it is, to a terminal as it can be shown.
    void write(std::string_view bytes) const;

    int descriptor_ = -1;
    bool ownsDescriptor_ = false;
    bool isKept_ = false;
    tempeh::Message answer_;
    std::uint64_t bytes_ = 0;
    std::uint64_t parts_ = 0;
    bool endsInLine_ = true;
    std::chrono::steady_clock::time_point firstPartAt_;
    asio::thread_pool thread_{1};
};

}  // namespace tool

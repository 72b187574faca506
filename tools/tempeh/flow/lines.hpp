#pragma once

#include "flow/input.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include <optional>
#include <string>

namespace tool {

/// The lines of standard input, read on a thread of its own, because reading may block. One caller.
class Lines {
public:
    Lines() = default;
    ~Lines();
    Lines(const Lines&) = delete;
    Lines& operator=(const Lines&) = delete;

    /// The next line without its end; nothing at the end of the input and after stop(). Throws Failure for a
    /// line that no message can carry.
    boost::asio::awaitable<std::optional<std::string>> next();
    /// Ends a next() that waits.
    void stop();

private:
    boost::asio::awaitable<std::string> readSome();

    Input input_{std::nullopt, "-"};
    std::string read_;  // and not given yet
    bool isAtEnd_ = false;
    bool isStopped_ = false;
    boost::asio::thread_pool thread_{1};
};

}  // namespace tool

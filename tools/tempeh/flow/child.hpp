#pragma once

#include <tempeh/core/asio.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <string>
#include <sys/types.h>
#include <vector>

namespace tool {

namespace asio = boost::asio;

/// A program run by the shell with its standard input and output in our hands. Killed, with all that it has
/// started, when destroyed before it has ended.
class Child {
public:
    /// `environment`: NAME=VALUE, beside what we have ourselves. Throws Failure when it cannot be started.
    Child(const asio::any_io_executor& executor, const std::string& command,
          const std::vector<std::string>& environment);
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    asio::posix::stream_descriptor& input() noexcept { return input_; }
    asio::posix::stream_descriptor& output() noexcept { return output_; }

    /// The exit code; 128 and the signal's number when a signal killed it.
    asio::awaitable<int> wait();

private:
    asio::posix::stream_descriptor input_;
    asio::posix::stream_descriptor output_;
    pid_t pid_ = -1;
};

}  // namespace tool

#include "flow/lines.hpp"

#include "cli/exit_code.hpp"
#include "flow/outgoing.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

namespace tool {

namespace asio = boost::asio;

Lines::~Lines() {
    input_.stop();
    thread_.join();
}

asio::awaitable<std::optional<std::string>> Lines::next() {
    for (;;) {
        if (isStopped_) co_return std::nullopt;
        const std::size_t end = read_.find('\n');
        if (std::min(end, read_.size()) > longestBody)
            throw Failure(exitUsage, "a line of the input has more than 65535 bytes");
        if (end != std::string::npos) {
            std::string line = read_.substr(0, end);
            read_.erase(0, end + 1);
            co_return line;
        }
        if (isAtEnd_) {
            if (read_.empty()) co_return std::nullopt;
            co_return std::exchange(read_, std::string());
        }
        auto more = asio::co_spawn(thread_, readSome(), asio::use_awaitable);
        const std::string text = co_await std::move(more);
        read_ += text;
        isAtEnd_ = text.empty();
    }
}

void Lines::stop() {
    isStopped_ = true;
    input_.stop();
}

asio::awaitable<std::string> Lines::readSome() {
    std::string text(std::size_t{1} << 16, '\0');
    text.resize(input_.read(std::as_writable_bytes(std::span(text))));
    co_return text;
}

}  // namespace tool

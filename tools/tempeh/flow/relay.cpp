#include "flow/relay.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <utility>
#include <vector>

namespace tool {

namespace {

constexpr std::size_t bufferSize = 128 * 1024;

}  // namespace

Relay::Relay(RawSocket client, RawSocket server, Tap tap)
    : client_(std::move(client)), server_(std::move(server)), tap_(std::move(tap)) {}

void Relay::start(std::function<void(std::uint64_t, std::uint64_t)> onEnd) {
    onEnd_ = std::move(onEnd);
    running_ = 2;
    for (const Way way : {Way::ToServer, Way::ToClient}) {
        auto onFinish = [self = shared_from_this()](const std::exception_ptr& failure) {
            if (failure) self->reset();
            self->onDirectionEnd();
        };
        asio::co_spawn(client_.get_executor(), pump(shared_from_this(), way), std::move(onFinish));
    }
}

void Relay::stop() noexcept {
    tempeh::error_code ignored;
    client_.close(ignored);
    server_.close(ignored);
}

void Relay::reset() noexcept {
    tempeh::error_code ignored;
    const asio::socket_base::linger atOnce(true, 0);
    client_.set_option(atOnce, ignored);
    server_.set_option(atOnce, ignored);
    stop();
}

void Relay::onDirectionEnd() {
    if (--running_ != 0) return;
    stop();
    onEnd_(bytes_[0], bytes_[1]);
}

asio::awaitable<void> Relay::pump(std::shared_ptr<Relay> self, Way way) {
    RawSocket& from = way == Way::ToServer ? self->client_ : self->server_;
    RawSocket& to = way == Way::ToServer ? self->server_ : self->client_;
    std::vector<std::byte> buffer(bufferSize);
    for (;;) {
        tempeh::error_code ec;
        const auto room = asio::buffer(buffer.data(), buffer.size());
        const std::size_t size =
            co_await from.async_read_some(room, asio::redirect_error(asio::use_awaitable, ec));
        if (ec == asio::error::eof) break;
        if (ec) throw boost::system::system_error(ec);
        auto seen = self->tap_(way, std::span<const std::byte>(buffer).first(size));
        co_await std::move(seen);
        const auto bytes = asio::buffer(buffer.data(), size);
        co_await asio::async_write(to, bytes, asio::use_awaitable);
        self->bytes_[static_cast<std::size_t>(way)] += size;
    }
    // Only this half: the other direction may still have something to say.
    tempeh::error_code ignored;
    to.shutdown(asio::socket_base::shutdown_send, ignored);
}

}  // namespace tool

#include "flow/upload.hpp"

#include "cli/exit_code.hpp"

#include <boost/asio/co_spawn.hpp>

#include <utility>

namespace tool {

namespace flows = tempeh::flows;

asio::awaitable<void> Upload::send(std::shared_ptr<flows::StreamWriter> writer) {
    try {
        const flows::StreamSource source = [this](std::span<std::byte> room) {
            const std::size_t size = input_.read(room);
            bytes_ += size;
            return size;
        };
        co_await writer->writeFrom(source);
        co_await writer->finish();
    } catch (const tempeh::Error&) {
        // The channel ended, which the receiving side tells, or the reader has heard enough.
        co_return;
    }
}

void Upload::start(flows::Peer peer, std::shared_ptr<flows::StreamWriter> writer) {
    auto onEnd = [this, peer = std::move(peer)](const std::exception_ptr& failure) {
        if (failure) {
            const std::scoped_lock lock(mutex_);
            failure_ = failure;
        }
        isDone_ = true;
        if (failure) peer.abort();
    };
    asio::co_spawn(thread_, send(std::move(writer)), std::move(onEnd));
}

void Upload::join() {
    stop();
    thread_.join();
}

void Upload::check() const {
    const std::scoped_lock lock(mutex_);
    if (failure_) std::rethrow_exception(failure_);
}

}  // namespace tool

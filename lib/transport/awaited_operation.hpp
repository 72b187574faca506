#pragma once

#include "transport/pending_operation.hpp"

#include <tempeh/transport/detail/in_frame_handler.hpp>

#include <boost/asio/error.hpp>

#include <cstddef>
#include <span>
#include <utility>

namespace tempeh::transport {

class Stream;

/// One asynchronous operation that a coroutine awaits: a Stream::startReceive(), or any Asio operation with
/// the same handler. Lives in the coroutine's frame. When Asio cannot start an ordinary co_await for want of
/// memory, it destroys the coroutine; this operation ends with no_memory instead. Dropping it destroys the
/// coroutine.
class AwaitedOperation final : private PendingOperation {
public:
    using PendingOperation::Completion;

    AwaitedOperation() = default;

    /// Await it once; afterwards `size` and `ec` hold the outcome. `start` receives the Completion and must
    /// never call it inline.
    template <typename Start>
    auto run(Start start) {
        return handler_.wait(
            [this, start = std::move(start)](const boost::asio::cancellation_slot& slot) mutable {
                // Once it has started elsewhere, the coroutine may be destroyed at any time. While it starts,
                // and when it fails to start, the handler is still here.
                if (!begin(std::move(start), slot)) onDone(boost::asio::error::no_memory, 0);
            });
    }
    /// run() for Stream::startReceive().
    auto wait(Stream& stream, std::span<std::byte> into) {
        return run([&stream, into](Completion done) { startReceive(stream, into, std::move(done)); });
    }

    std::size_t size = 0;
    error_code ec;

private:
    static void startReceive(Stream& stream, std::span<std::byte> into, Completion done);

    void onDone(const error_code& error, std::size_t received) override {
        ec = error;
        size = received;
        handler_.invoke();
    }
    void onDropped() noexcept override { handler_.drop(); }

    tempeh::detail::InFrameHandler handler_;
};

}  // namespace tempeh::transport

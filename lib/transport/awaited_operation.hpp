#pragma once

#include "base/handler_memory.hpp"

#include <tempeh/message/status.hpp>
#include <tempeh/transport/detail/in_frame_handler.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>

#include <cstddef>
#include <new>
#include <span>
#include <utility>

namespace tempeh::transport {

class Stream;

/// One asynchronous operation that a coroutine awaits: a Stream::startReceive(), or any Asio operation with
/// the same handler. Lives in the coroutine's frame, with the memory that Asio needs for it. When Asio cannot
/// start an ordinary co_await for want of memory, it destroys the coroutine; this operation ends with
/// no_memory instead.
class AwaitedOperation {
public:
    class Completion;

    /// Await it once; afterwards `size` and `ec` hold the outcome. `start` receives the Completion and must
    /// never call it inline.
    template <typename Start>
    auto run(Start start) {
        return handler_.wait(
            [this, start = std::move(start)](const boost::asio::cancellation_slot& slot) mutable {
                begin(std::move(start), slot);
            });
    }
    /// run() for Stream::startReceive().
    auto wait(Stream& stream, std::span<std::byte> into) {
        return run([&stream, into](Completion done) { startReceive(stream, into, std::move(done)); });
    }

    std::size_t size = 0;
    error_code ec;

    /// What a Stream calls when it is done, through its executor. Owns the suspended coroutine: a Completion
    /// destroyed without a call (the context is being destroyed) destroys the coroutine.
    class Completion {
    public:
        using allocator_type = base::HandlerAllocator<void, base::HandlerMemory*>;

        using cancellation_slot_type = boost::asio::cancellation_slot;

        Completion(AwaitedOperation& operation, const cancellation_slot_type& slot) noexcept
            : operation_(&operation), memory_(&operation.memory_), slot_(slot) {}
        Completion(Completion&& other) noexcept
            : operation_(std::exchange(other.operation_, nullptr))
            , memory_(other.memory_)
            , slot_(other.slot_) {}
        Completion& operator=(Completion&&) = delete;
        ~Completion() {
            if (operation_ != nullptr && !operation_->isStarting_) operation_->handler_.drop();
        }
        void operator()(const error_code& error, std::size_t received = 0) {
            AwaitedOperation& operation = *std::exchange(operation_, nullptr);
            operation.ec = error;
            operation.size = received;
            operation.handler_.invoke();
        }
        allocator_type get_allocator() const noexcept { return allocator_type(memory_); }
        cancellation_slot_type get_cancellation_slot() const noexcept { return slot_; }

    private:
        AwaitedOperation* operation_;
        base::HandlerMemory* memory_;
        cancellation_slot_type slot_;  // the coroutine's
    };

private:
    static void startReceive(Stream& stream, std::span<std::byte> into, Completion done);

    /// Once the operation has started elsewhere, the coroutine may be destroyed at any time, so nothing runs
    /// after that. While it starts, and when it fails to start, the handler is still here.
    template <typename Start>
    void begin(Start start, const boost::asio::cancellation_slot& slot) {
        isStarting_ = true;
        try {
            start(Completion(*this, slot));
            isStarting_ = false;  // nothing has completed yet: that takes the executor this runs on
            return;
        } catch (const std::bad_alloc&) {
            isStarting_ = false;
        }
        size = 0;
        ec = boost::asio::error::no_memory;
        handler_.invoke();
    }

    tempeh::detail::InFrameHandler handler_;
    base::HandlerMemory memory_;
    bool isStarting_ = false;
};

}  // namespace tempeh::transport

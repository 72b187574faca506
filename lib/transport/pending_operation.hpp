#pragma once

#include "base/handler_memory.hpp"

#include <tempeh/message/status.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <cstddef>
#include <new>
#include <utility>

namespace tempeh::transport {

/// One asynchronous operation at a time, with the memory that Asio needs for it. When Asio cannot start it
/// for want of memory, begin() says so and nothing has happened.
class PendingOperation {
public:
    PendingOperation(const PendingOperation&) = delete;
    PendingOperation& operator=(const PendingOperation&) = delete;

    /// What a Stream calls when it is done, through its executor. One that is destroyed without a call (the
    /// context is being destroyed) drops the operation.
    class Completion {
    public:
        using allocator_type = base::HandlerAllocator<void, base::HandlerMemory*>;
        using cancellation_slot_type = boost::asio::cancellation_slot;

        Completion(PendingOperation& operation, const cancellation_slot_type& slot) noexcept
            : operation_(&operation), memory_(&operation.memory_), slot_(slot) {}
        Completion(Completion&& other) noexcept
            : operation_(std::exchange(other.operation_, nullptr))
            , memory_(other.memory_)
            , slot_(other.slot_) {}
        Completion& operator=(Completion&&) = delete;
        ~Completion() {
            if (operation_ != nullptr && !operation_->isStarting_) operation_->onDropped();
        }
        void operator()(const error_code& error, std::size_t received = 0) {
            std::exchange(operation_, nullptr)->onDone(error, received);
        }
        allocator_type get_allocator() const noexcept { return allocator_type(memory_); }
        cancellation_slot_type get_cancellation_slot() const noexcept { return slot_; }

    private:
        PendingOperation* operation_;
        base::HandlerMemory* memory_;
        cancellation_slot_type slot_;
    };

protected:
    PendingOperation() = default;
    ~PendingOperation() = default;

    /// `start` receives the Completion and must never call it inline. True: either onDone() or onDropped()
    /// follows, and may destroy this object. False: there was no memory, and nothing follows.
    template <typename Start>
    bool begin(Start start, const boost::asio::cancellation_slot& slot = {}) {
        isStarting_ = true;
        try {
            start(Completion(*this, slot));
            isStarting_ = false;  // nothing has completed yet: that takes the executor this runs on
            return true;
        } catch (const std::bad_alloc&) {
            isStarting_ = false;
            return false;
        }
    }

    virtual void onDone(const error_code& ec, std::size_t size) = 0;
    virtual void onDropped() noexcept = 0;

private:
    base::HandlerMemory memory_;
    bool isStarting_ = false;
};

}  // namespace tempeh::transport

#pragma once

#include "transport/frame_handler.hpp"

#include <tempeh/message/status.hpp>

#include <cstddef>
#include <span>
#include <utility>

namespace tempeh::transport {

class Stream;

/// One Stream::startReceive() that a coroutine awaits; lives in its frame.
class ReceiveOperation {
public:
    /// To be awaited once; then `size` and `ec` are the outcome.
    auto wait(Stream& stream, std::span<std::byte> into) {
        return handler_.wait([this, &stream, into](const auto&) { start(stream, into); });
    }

    std::size_t size = 0;
    error_code ec;

    /// What a Stream calls when it is done, through its executor. Owns the suspended coroutine: destroyed
    /// without a call (the context goes), it destroys that.
    class Completion {
    public:
        explicit Completion(ReceiveOperation& operation) noexcept : operation_(&operation) {}
        Completion(Completion&& other) noexcept : operation_(std::exchange(other.operation_, nullptr)) {}
        Completion& operator=(Completion&&) = delete;
        ~Completion() {
            if (operation_ != nullptr) operation_->handler_.drop();
        }
        void operator()(const error_code& error, std::size_t received) {
            ReceiveOperation& operation = *std::exchange(operation_, nullptr);
            operation.ec = error;
            operation.size = received;
            operation.handler_.invoke();
        }

    private:
        ReceiveOperation* operation_;
    };

private:
    void start(Stream& stream, std::span<std::byte> into);

    FrameHandler handler_;
};

}  // namespace tempeh::transport

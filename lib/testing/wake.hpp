#pragma once

#include <tempeh/message/status.hpp>
#include <tempeh/transport/detail/in_frame_handler.hpp>

#include <boost/asio/cancellation_type.hpp>

#include <utility>

namespace tempeh::testing::detail {

class Wake;

/// One wait of a coroutine; lives in its frame.
class Sleep {
public:
    /// Await it once, through a named object. Calls `begin(Wake)`; afterwards `ec` is the value the Wake was
    /// called with.
    template <typename Begin>
    auto wait(Begin begin);

    /// The same, but cancelling the coroutine calls `cancel()`, which must end the wait.
    template <typename Begin, typename Cancel>
    auto wait(Begin begin, Cancel cancel);

    error_code ec;

private:
    friend class Wake;
    tempeh::detail::InFrameHandler handler_;
};

/// Ends a Sleep, through the sleeper's executor. Owns the coroutine: a Wake destroyed without a call (the
/// context is being destroyed) destroys the coroutine.
class Wake {
public:
    explicit Wake(Sleep& sleep) noexcept : sleep_(&sleep) {}
    Wake(Wake&& other) noexcept : sleep_(std::exchange(other.sleep_, nullptr)) {}
    Wake& operator=(Wake&&) = delete;
    ~Wake() {
        if (sleep_ != nullptr) sleep_->handler_.drop();
    }
    void operator()(const error_code& ec) {
        Sleep& sleep = *std::exchange(sleep_, nullptr);
        sleep.ec = ec;
        sleep.handler_.invoke();
    }

private:
    Sleep* sleep_;
};

template <typename Begin>
auto Sleep::wait(Begin begin) {
    return handler_.wait([this, begin = std::move(begin)](const auto&) mutable { begin(Wake(*this)); });
}

template <typename Begin, typename Cancel>
auto Sleep::wait(Begin begin, Cancel cancel) {
    return handler_.wait([this, begin = std::move(begin), cancel = std::move(cancel)](auto slot) mutable {
        if (slot.is_connected())
            slot.assign([cancel = std::move(cancel)](boost::asio::cancellation_type) { cancel(); });
        begin(Wake(*this));
    });
}

}  // namespace tempeh::testing::detail

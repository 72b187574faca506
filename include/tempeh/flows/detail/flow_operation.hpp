#pragma once

#include <tempeh/core/asio.hpp>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/associator.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/this_coro.hpp>

#include <concepts>
#include <exception>
#include <new>
#include <type_traits>
#include <utility>

/// The operations of flows with any completion token. One coroutine is the operation, whatever waits for it.
namespace tempeh::flows::detail {

/// What an operation ends with.
template <typename T>
struct FlowResult {
    using Signature = void(error_code, T);

    error_code ec;
    T value{};

    template <typename Handler>
    void give(Handler&& handler) {
        std::forward<Handler>(handler)(ec, std::move(value));
    }
};

template <>
struct FlowResult<void> {
    using Signature = void(error_code);

    error_code ec;

    template <typename Handler>
    void give(Handler&& handler) {
        std::forward<Handler>(handler)(ec);
    }
};

template <typename Token, typename T>
concept FlowToken = asio::completion_token_for<Token, typename FlowResult<T>::Signature>;

/// An operation that was made but not started, or the error that making it threw.
template <typename T>
struct FlowStart {
    asio::awaitable<T> operation;
    error_code ec;
};

/// The exception in flight as a code. ProcessingFailed stands for an exception of the application's callback.
inline error_code currentFailure() noexcept {
    try {
        throw;
    } catch (const boost::system::system_error& error) {
        return error.code();
    } catch (const std::bad_alloc&) {
        return asio::error::no_memory;
    } catch (...) {
        return Status::ProcessingFailed;
    }
}

template <typename T, typename Make>
FlowStart<T> startOf(Make& make) noexcept {
    FlowStart<T> start;
    try {
        start.operation = make();
    } catch (...) {
        start.ec = currentFailure();
    }
    return start;
}

template <typename T>
asio::awaitable<FlowResult<T>> resultOf(FlowStart<T> start) {
    FlowResult<T> result;
    result.ec = start.ec;
    try {
        co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
        if (!result.ec) {
            if constexpr (std::is_void_v<T>)
                co_await std::move(start.operation);
            else
                result.value = co_await std::move(start.operation);
        }
    } catch (...) {
        result.ec = currentFailure();
    }
    // co_spawn may suspend once more. In a cancelled coroutine that would throw, and the exception would
    // replace the result.
    co_await asio::this_coro::throw_if_cancelled(false);
    co_return result;
}

/// Called by co_spawn: calls the handler with a code in place of the exception.
template <typename Handler, typename T>
class FlowCompletion {
public:
    explicit FlowCompletion(Handler handler) : handler_(std::move(handler)) {}

    void operator()(const std::exception_ptr& failure, FlowResult<T> result) {
        if (failure != nullptr)
            result.ec = asio::error::no_memory;  // co_spawn's own; the operation itself never throws
        result.give(std::move(handler_));
    }
    const Handler& handler() const noexcept { return handler_; }

private:
    Handler handler_;
};

/// Where handlers without an executor of their own run: the handle's executor, or for an empty handle a
/// strand of the system's. A strand, because what Asio wraps around an operation (cancel_after) expects that
/// only one handler runs at a time.
template <typename Handle>
asio::any_io_executor executorOf(const Handle& handle) {
    try {
        return handle.executor();
    } catch (const boost::system::system_error&) {
        return asio::make_strand(asio::system_executor());
    }
}

template <typename T>
class StartFlow {
public:
    using executor_type = asio::any_io_executor;

    explicit StartFlow(executor_type executor) : executor_(std::move(executor)) {}
    executor_type get_executor() const noexcept { return executor_; }

    template <typename Handler, typename Make>
    void operator()(Handler&& handler, Make make) const {
        using Kept = std::decay_t<Handler>;
        const auto executor = asio::get_associated_executor(handler, executor_);
        asio::co_spawn(executor, resultOf<T>(startOf<T>(make)),
                       FlowCompletion<Kept, T>(std::forward<Handler>(handler)));
    }

private:
    executor_type executor_;
};

/// `make` returns the operation as an awaitable. It is called when the operation is initiated, and owns what
/// the operation needs until then. use_awaitable gets the awaitable itself, so that its exceptions keep their
/// text.
template <typename T, typename Handle, typename Make, typename Token>
auto asyncFlow(const Handle& handle, Make make, Token&& token) {
    if constexpr (std::same_as<std::decay_t<Token>, asio::use_awaitable_t<>>)
        return make();
    else
        return asio::async_initiate<Token, typename FlowResult<T>::Signature>(
            StartFlow<T>(executorOf(handle)), token, std::move(make));
}

}  // namespace tempeh::flows::detail

/// Executor, allocator and cancellation slot are the handler's.
template <template <typename, typename> class Associator, typename Handler, typename T, typename Default>
struct boost::asio::associator<Associator, tempeh::flows::detail::FlowCompletion<Handler, T>, Default>
    : Associator<Handler, Default> {
    static typename Associator<Handler, Default>::type get(
        const tempeh::flows::detail::FlowCompletion<Handler, T>& completion) noexcept {
        return Associator<Handler, Default>::get(completion.handler());
    }
    static auto get(
        const tempeh::flows::detail::FlowCompletion<Handler, T>& completion,
        const Default& fallback) noexcept(noexcept(Associator<Handler, Default>::get(completion.handler(),
                                                                                     fallback)))
        -> decltype(Associator<Handler, Default>::get(completion.handler(), fallback)) {
        return Associator<Handler, Default>::get(completion.handler(), fallback);
    }
};

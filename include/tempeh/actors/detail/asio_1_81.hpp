#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/version.hpp>

#include <exception>
#include <utility>

#if BOOST_VERSION < 108200

/// Boost 1.81 cannot await an operation with the signature void(std::exception_ptr, T): its handler asks a
/// struct whether it is null. This is that handler with the question put to the member. It is more special
/// than Boost's, so it is taken in its place.
template <typename R, typename T>
class boost::asio::detail::awaitable_async_op_handler<R(std::exception_ptr, T), boost::asio::any_io_executor>
    : public boost::asio::detail::awaitable_thread<boost::asio::any_io_executor> {
public:
    struct result_type {  // NOLINT(readability-identifier-naming): Asio's name
        std::exception_ptr* failure;
        T* value;
    };

    awaitable_async_op_handler(awaitable_thread<any_io_executor>* thread, result_type& result)
        : awaitable_thread<any_io_executor>(std::move(*thread)), result_(result) {}

    void operator()(std::exception_ptr failure, T value) {
        result_.failure = &failure;
        result_.value = &value;
        this->entry_point()->top_of_stack_->attach_thread(this);
        this->entry_point()->top_of_stack_->clear_cancellation_slot();
        this->pump();
    }

    static T resume(result_type& result) {
        if (*result.failure) std::rethrow_exception(std::exchange(*result.failure, nullptr));
        return std::move(*result.value);
    }

private:
    result_type& result_;
};

#endif

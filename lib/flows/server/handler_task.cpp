#include "flows/server/handler_task.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

namespace tempeh::flows::detail {

namespace {

template <typename... Executors>
bool isStrandOfAny(const asio::any_io_executor& executor) noexcept {
    return ((executor.target<asio::strand<Executors>>() != nullptr) || ...);
}

}  // namespace

asio::any_io_executor HandlerTask::serial(const asio::any_io_executor& executor,
                                          const asio::any_io_executor& loops) {
    using Context = asio::io_context::executor_type;
    using Pool = asio::thread_pool::executor_type;
    if (executor == loops || isStrandOfAny<Context, Pool, asio::any_io_executor>(executor)) return executor;
    return asio::make_strand(executor);
}

void HandlerTask::begin() noexcept {
    if (state_.exchange(State::Running) == State::Cancelled) signal_.emit(asio::cancellation_type::terminal);
}

void HandlerTask::cancel() noexcept try {
    State state = State::Starting;
    if (state_.compare_exchange_strong(state, State::Cancelled) || state == State::Cancelled) return;
    asio::post(executor_,
               [self = shared_from_this()] { self->signal_.emit(asio::cancellation_type::terminal); });
} catch (const std::bad_alloc&) {
    return;  // then it counts as a handler that ignores cancellation
}

}  // namespace tempeh::flows::detail

#pragma once

#include <tempeh/base/detail/mutex.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>

#include <memory>
#include <utility>

namespace tempeh::transport {

/// Lets threads that outlive an execution context post to it safely: open until the context's destructor
/// begins, before it stops taking work. (That its suspended coroutines are gone is no such sign: Asio unwinds
/// them at the very end, while it already throws its queue away.)
class ContextGate {
public:
    /// The gate of the executor's context; to be called while the context lives.
    static std::shared_ptr<ContextGate> of(const boost::asio::any_io_executor& executor);

    /// Any thread. Posts unless the context has gone; holds up the context's destructor meanwhile.
    template <typename Function>
    void post(const boost::asio::any_io_executor& executor, Function function) {
        const base::MutexLock lock(mutex_);
        if (open_) boost::asio::post(executor, std::move(function));
    }

private:
    class Service;
    void close() noexcept;

    base::Mutex mutex_;
    bool open_ TEMPEH_GUARDED_BY(mutex_) = true;
};

}  // namespace tempeh::transport

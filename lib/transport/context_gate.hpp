#pragma once

#include <tempeh/base/detail/mutex.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>

#include <memory>
#include <utility>

namespace tempeh::transport {

/// Lets threads that outlive an execution context post to it safely. It is open until the context's
/// destructor begins, which is before the context stops taking work. (The destruction of suspended coroutines
/// is no such signal: Asio destroys them at the very end, when it is already discarding its queue.)
class ContextGate {
public:
    /// The gate of the executor's context. Call it while the context lives.
    static std::shared_ptr<ContextGate> of(const boost::asio::any_io_executor& executor);

    /// Posts unless the context has been destroyed; delays the context's destructor meanwhile. Any thread.
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

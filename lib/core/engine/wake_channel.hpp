#pragma once

#include "base/handler_memory.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace tempeh::core {

/// Posts one piece of work at a time to the reactor, in preallocated memory, so that posting does not fail.
/// (A second pending one would need the heap.) Uses the concrete executor, because the type-erased one would
/// allocate. Any thread.
class WakeChannel {
public:
    using Strand = boost::asio::strand<boost::asio::io_context::executor_type>;

    /// `executor`: the context's own, or a strand of it.
    WakeChannel(boost::asio::io_context& context, const boost::asio::any_io_executor& executor)
        : context_(context), memory_(std::make_shared<base::StrandHandlerMemory>()) {
        if (const auto* strand = executor.target<Strand>()) strand_ = *strand;
    }

    template <typename Work>
    void post(Work work) {
        Handler<Work> handler{std::move(work), memory_};
        if (strand_)
            boost::asio::post(*strand_, std::move(handler));
        else
            boost::asio::post(context_.get_executor(), std::move(handler));
    }

    /// The context is being destroyed; only the destructor may follow.
    void release() noexcept { strand_.reset(); }

    bool runsInThisThread() const {
        return strand_ ? strand_->running_in_this_thread() || context_.get_executor().running_in_this_thread()
                       : context_.get_executor().running_in_this_thread();
    }

private:
    template <typename Work>
    struct Handler {
        using allocator_type = base::HandlerAllocator<void, std::shared_ptr<base::StrandHandlerMemory>>;

        Work work;
        std::shared_ptr<base::StrandHandlerMemory> memory;

        allocator_type get_allocator() const noexcept { return allocator_type(memory); }
        void operator()() { work(); }
    };

    boost::asio::io_context& context_;
    std::optional<Strand> strand_;
    std::shared_ptr<base::StrandHandlerMemory> memory_;
};

}  // namespace tempeh::core

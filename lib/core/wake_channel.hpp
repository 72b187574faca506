#pragma once

#include "core/handler_memory.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace tempeh::core {

/// Wakes the reactor from another thread. Goes to the concrete executor: the type-erased one would allocate
/// twice.
class WakeChannel {
public:
    using Strand = boost::asio::strand<boost::asio::io_context::executor_type>;

    WakeChannel(boost::asio::io_context& context, std::optional<Strand> strand)
        : context_(context), strand_(std::move(strand)), memory_(std::make_shared<HandlerMemory>()) {}

    template <typename Work>
    void post(Work work) {
        Handler<Work> handler{std::move(work), memory_};
        if (strand_)
            boost::asio::post(*strand_, std::move(handler));
        else
            boost::asio::post(context_.get_executor(), std::move(handler));
    }

    /// The context goes; nothing but the destructor may follow.
    void release() noexcept { strand_.reset(); }

    bool runsInThisThread() const {
        return strand_ ? strand_->running_in_this_thread() || context_.get_executor().running_in_this_thread()
                       : context_.get_executor().running_in_this_thread();
    }

private:
    template <typename Work>
    struct Handler {
        using allocator_type = HandlerAllocator<void, std::shared_ptr<HandlerMemory>>;

        Work work;
        std::shared_ptr<HandlerMemory> memory;

        allocator_type get_allocator() const noexcept { return allocator_type(memory); }
        void operator()() { work(); }
    };

    boost::asio::io_context& context_;
    std::optional<Strand> strand_;
    std::shared_ptr<HandlerMemory> memory_;
};

}  // namespace tempeh::core

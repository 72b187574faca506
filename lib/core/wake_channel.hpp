#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <utility>

namespace tempeh::core {

/// Memory for one small handler at a time, so that waking the reactor allocates nothing. A second one, or a
/// larger one, comes from the heap.
class HandlerMemory {
public:
    void* take(std::size_t size) {
        if (size <= sizeof(bytes_) && !busy_.exchange(true, std::memory_order_acquire)) return bytes_;
        return ::operator new(size);
    }
    void give(void* memory) noexcept {
        if (memory == bytes_)
            busy_.store(false, std::memory_order_release);
        else
            ::operator delete(memory);
    }

private:
    alignas(std::max_align_t) std::byte bytes_[192];
    std::atomic<bool> busy_{false};
};

/// The standard allocator form of HandlerMemory. Shares it: the memory lives as long as a handler in it.
template <typename T>
class HandlerAllocator {
public:
    using value_type = T;

    explicit HandlerAllocator(std::shared_ptr<HandlerMemory> memory) noexcept : memory_(std::move(memory)) {}
    template <typename U>  // NOLINTNEXTLINE(google-explicit-constructor): allocators convert
    HandlerAllocator(const HandlerAllocator<U>& other) noexcept : memory_(other.memory_) {}

    T* allocate(std::size_t count) { return static_cast<T*>(memory_->take(sizeof(T) * count)); }
    void deallocate(T* pointer, std::size_t) noexcept { memory_->give(pointer); }

    template <typename U>
    bool operator==(const HandlerAllocator<U>& other) const noexcept {
        return memory_ == other.memory_;
    }

private:
    template <typename U>
    friend class HandlerAllocator;

    std::shared_ptr<HandlerMemory> memory_;
};

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
        using allocator_type = HandlerAllocator<void>;

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

#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

namespace tempeh::detail {

/// The handler of an operation that a coroutine awaits, stored in the coroutine's own frame. Await it as a
/// deferred operation, which unlike an awaitable has no frame of its own: Asio keeps two frames per thread
/// for reuse, and each further one in a chain of awaits costs an allocation.
class InFrameHandler {
public:
    InFrameHandler() = default;
    InFrameHandler(const InFrameHandler&) = delete;
    InFrameHandler& operator=(const InFrameHandler&) = delete;

    /// Await one at a time. Stores the handler, then calls `start(cancellation slot)`. Give the result a
    /// name: GCC 12 destroys temporaries of a co_await expression twice.
    template <typename Start>
    auto wait(Start start) {
        return boost::asio::async_initiate<const boost::asio::deferred_t&, void()>(
            Initiation<Start>(this, std::move(start)), boost::asio::deferred);
    }

    /// Resumes the coroutine inside the call. This object may be gone with its frame when invoke() returns.
    void invoke() { act_(storage_, Act::Invoke); }
    /// Destroys the coroutine inside the call, and this object with it.
    void drop() noexcept { act_(storage_, Act::Drop); }

private:
    static constexpr std::size_t storageSize = 64;  // Asio's handler is a pointer or two

    /// What to do with the handler in storage_, whose type only keep() knows.
    enum class Act : std::uint8_t { Invoke, Drop };

    template <typename Start>
    class Initiation {
    public:
        Initiation(InFrameHandler* owner, Start start) : owner_(owner), start_(std::move(start)) {}
        template <typename Handler>
        void operator()(Handler&& handler) {
            auto slot = boost::asio::get_associated_cancellation_slot(handler);
            owner_->keep(std::forward<Handler>(handler));
            start_(slot);
        }

    private:
        InFrameHandler* owner_;
        Start start_;
    };

    template <typename Handler>
    void keep(Handler&& handler) {
        using Stored = std::decay_t<Handler>;
        static_assert(sizeof(Stored) <= storageSize);
        static_assert(alignof(Stored) <= alignof(std::max_align_t));
        ::new (static_cast<void*>(storage_)) Stored(std::forward<Handler>(handler));
        act_ = &actOn<Stored>;
    }

    template <typename Stored>
    static void actOn(void* storage, Act act) {
        auto* stored = std::launder(static_cast<Stored*>(storage));
        Stored handler(std::move(*stored));
        stored->~Stored();
        if (act == Act::Drop) return;
        auto slot = boost::asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) slot.clear();
        std::move(handler)();
    }

    void (*act_)(void* storage, Act act) = nullptr;
    alignas(std::max_align_t) std::byte storage_[storageSize];
};

}  // namespace tempeh::detail

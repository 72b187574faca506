#pragma once

#include <tempeh/message/binary_header.hpp>

#include <atomic>
#include <cstdint>

namespace tempeh::core {

/// What the reactor thread is doing, for the watchdog's warning when the thread is blocked. The thread
/// updates it with a plain store at each change; any thread may read it.
class Whereabouts {
public:
    enum class Doing : std::uint8_t { Elsewhere, EngineWork, Receiver, Timers, Tasks };
    struct Place {
        Doing doing = Doing::Elsewhere;
        ChannelNumber channel = 0;
    };

    Place get() const noexcept {
        const std::uint32_t value = value_.load(std::memory_order_relaxed);
        return {static_cast<Doing>(value >> 16U), static_cast<ChannelNumber>(value & 0xffffU)};
    }

    /// Sets the place for its own lifetime; scopes nest.
    class Scope {
    public:
        Scope(Whereabouts& whereabouts, Doing doing, ChannelNumber channel = 0) noexcept
            : value_(whereabouts.value_), before_(value_.load(std::memory_order_relaxed)) {
            value_.store(static_cast<std::uint32_t>(doing) << 16U | channel, std::memory_order_relaxed);
        }
        ~Scope() { value_.store(before_, std::memory_order_relaxed); }
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

    private:
        std::atomic<std::uint32_t>& value_;
        const std::uint32_t before_;
    };

private:
    std::atomic<std::uint32_t> value_{0};
};

}  // namespace tempeh::core

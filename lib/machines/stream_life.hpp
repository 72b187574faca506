#pragma once

#include <cstdint>

namespace tempeh::machines {

/// What is left to do with a channel's stream, and when it is no longer used. Decided without the stream: the
/// owner reports events and executes the results.
class StreamLife {
public:
    enum class Phase : std::uint8_t {
        New,     ///< Not started; unknown to the engine.
        Live,    ///< In use.
        Ending,  ///< The channel has ended, but a thread is still writing: the rest of the end waits for it.
        Lingering,  ///< Waits for the peer to close; discards input.
        Gone,       ///< Closed, but a coroutine may still be finishing.
        Released,   ///< No longer used.
    };
    /// The coroutines that use the stream.
    enum class Loop : std::uint8_t { Connect = 1, Read = 2, Write = 4 };

    Phase phase() const noexcept { return phase_; }
    /// The channel has not ended.
    bool isLive() const noexcept { return phase_ <= Phase::Live; }
    bool isEnding() const noexcept { return phase_ == Phase::Ending; }
    bool isLingering() const noexcept { return phase_ == Phase::Lingering; }
    /// Nothing is read, not even to be discarded.
    bool hasStoppedReading() const noexcept { return phase_ >= Phase::Ending && phase_ != Phase::Lingering; }
    /// The engine lists it among its channels.
    bool isRegistered() const noexcept { return phase_ != Phase::New && phase_ != Phase::Released; }

    void begin() noexcept {
        if (phase_ == Phase::New) phase_ = Phase::Live;
    }
    /// The channel has ended while a thread is writing to the stream.
    void awaitWriter() noexcept {
        if (isLive()) phase_ = Phase::Ending;
    }
    void linger() noexcept {
        if (phase_ < Phase::Lingering) phase_ = Phase::Lingering;
    }
    /// True: close the stream now.
    bool close() noexcept {
        if (phase_ >= Phase::Gone) return false;
        phase_ = phase_ == Phase::New ? Phase::Released : Phase::Gone;
        return true;
    }
    /// The last step, once: closed, and no coroutine uses it. True: release everything.
    bool release() noexcept {
        if (phase_ != Phase::Gone || loops_ != 0) return false;
        phase_ = Phase::Released;
        return true;
    }
    /// The context is being destroyed, and every coroutine with it.
    void abandon() noexcept { phase_ = Phase::Released; }

    bool runs(Loop loop) const noexcept { return (loops_ & bit(loop)) != 0; }
    void started(Loop loop) noexcept { loops_ = static_cast<std::uint8_t>(loops_ | bit(loop)); }
    void stopped(Loop loop) noexcept { loops_ = static_cast<std::uint8_t>(loops_ & ~bit(loop)); }

private:
    static std::uint8_t bit(Loop loop) noexcept { return static_cast<std::uint8_t>(loop); }

    Phase phase_ = Phase::New;
    std::uint8_t loops_ = 0;  // one bit for each running coroutine
};

}  // namespace tempeh::machines

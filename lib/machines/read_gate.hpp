#pragma once

#include <cstdint>
#include <utility>

namespace tempeh::machines {

/// What the application asks for (its ReadMode).
enum class ReadWish : std::uint8_t { Normal, Urgent, Paused };

/// Whether a channel reads, and what it waits for when it does not: the application, or the pool. A channel
/// that the application paused goes on until it would read the next frame; so one that nobody sends to keeps
/// its read pending and costs nothing.
class ReadGate {
public:
    enum class Reading : std::uint8_t { On, AwaitsPool, Stopped };

    /// What a new wish of the application's means.
    enum class WishAction : std::uint8_t {
        Nothing,
        GoDeaf,     ///< From now on the peer cannot be blamed.
        LeavePool,  ///< Likewise, and it no longer waits for the pool.
        Hear,       ///< It never stopped; the peer's time begins anew.
        TryAgain,   ///< To the end of those that wait for the pool, which are to be looked at.
    };
    /// What to do with a frame that may not, or cannot, be taken now.
    enum class BlockedAction : std::uint8_t {
        Nothing,  ///< It did not read before.
        Stop,     ///< Until the application wishes otherwise.
        AskPool,  ///< Until messages come back.
    };

    ReadWish wish() const noexcept { return wish_; }
    /// The application wants no frame to be taken.
    bool isUnwanted() const noexcept { return wish_ == ReadWish::Paused; }
    /// Frames are taken whether the pool has messages or not.
    bool isUrgent() const noexcept { return wish_ == ReadWish::Urgent; }
    /// It has stopped reading.
    bool isPaused() const noexcept { return reading_ != Reading::On; }
    Reading reading() const noexcept { return reading_; }
    /// What the peer does not do meanwhile is not its fault.
    bool isDeaf() const noexcept { return isPaused() || isUnwanted(); }

    /// `isOver`: the channel reads no more, whatever is wished.
    WishAction onWish(ReadWish wish, bool isOver) noexcept {
        const ReadWish before = std::exchange(wish_, wish);
        if (before == wish || isOver) return WishAction::Nothing;
        if (wish == ReadWish::Paused) {
            if (reading_ != Reading::AwaitsPool) return WishAction::GoDeaf;
            reading_ = Reading::Stopped;
            return WishAction::LeavePool;
        }
        if (reading_ == Reading::On)
            return before == ReadWish::Paused ? WishAction::Hear : WishAction::Nothing;
        if (reading_ == Reading::AwaitsPool && wish != ReadWish::Urgent) return WishAction::Nothing;
        reading_ = Reading::AwaitsPool;
        return WishAction::TryAgain;
    }
    /// There is a frame, and no message for it or no wish to take it.
    BlockedAction onBlocked() noexcept {
        if (isPaused()) return BlockedAction::Nothing;
        reading_ = isUnwanted() ? Reading::Stopped : Reading::AwaitsPool;
        return isUnwanted() ? BlockedAction::Stop : BlockedAction::AskPool;
    }
    /// It is its turn again; onBlocked() follows if there is still nothing.
    void onPoolBack() noexcept { reading_ = Reading::On; }
    /// What it waited for does not matter any more.
    void onOver() noexcept { reading_ = Reading::On; }

private:
    ReadWish wish_ = ReadWish::Normal;
    Reading reading_ = Reading::On;
};

}  // namespace tempeh::machines

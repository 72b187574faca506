#pragma once

#include <cstdint>
#include <utility>

namespace tempeh::machines {

/// The application's ReadMode.
enum class ReadWish : std::uint8_t { Normal, Urgent, Paused };

/// Whether a channel reads; if not, whether it waits for the application or for the pool. A channel that the
/// application paused continues until it would read the next frame, so one whose peer sends nothing keeps its
/// read pending and costs nothing.
class ReadGate {
public:
    enum class Reading : std::uint8_t { On, AwaitsPool, Stopped };

    /// What to do when the application changes its ReadMode.
    enum class WishAction : std::uint8_t {
        Nothing,
        GoDeaf,     ///< From now on the peer's silence is not its fault.
        LeavePool,  ///< The same, and the channel no longer waits for the pool.
        Hear,       ///< It never stopped; the peer's time starts again.
        TryAgain,   ///< Queue it behind the channels that wait for the pool, and try those again.
    };
    /// What to do with a frame that cannot be taken now, or must not be.
    enum class BlockedAction : std::uint8_t {
        Nothing,  ///< It was not reading anyway.
        Stop,     ///< Until the application changes its ReadMode.
        AskPool,  ///< Until messages come back.
    };

    ReadWish wish() const noexcept { return wish_; }
    /// The application wants no frame to be taken.
    bool isUnwanted() const noexcept { return wish_ == ReadWish::Paused; }
    /// Frames are taken even when the pool is empty.
    bool isUrgent() const noexcept { return wish_ == ReadWish::Urgent; }
    /// It has stopped reading.
    bool isPaused() const noexcept { return reading_ != Reading::On; }
    Reading reading() const noexcept { return reading_; }
    /// Time that passes meanwhile does not count against the peer.
    bool isDeaf() const noexcept { return isPaused() || isUnwanted(); }

    /// `isOver`: the channel will not read again, in any mode.
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
    /// There is a frame, but no message for it or no permission to take it.
    BlockedAction onBlocked() noexcept {
        if (isPaused()) return BlockedAction::Nothing;
        reading_ = isUnwanted() ? Reading::Stopped : Reading::AwaitsPool;
        return isUnwanted() ? BlockedAction::Stop : BlockedAction::AskPool;
    }
    /// The channel gets another try; onBlocked() follows if it still cannot read.
    void onPoolBack() noexcept { reading_ = Reading::On; }
    /// Forgets what reading was waiting for.
    void onOver() noexcept { reading_ = Reading::On; }

private:
    ReadWish wish_ = ReadWish::Normal;
    Reading reading_ = Reading::On;
};

}  // namespace tempeh::machines

#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace tempeh::machines {

/// What to do after a check for progress.
enum class ProgressVerdict : std::uint8_t {
    Nothing,    ///< There is nothing to watch; the owner reports when it starts again.
    BeginAnew,  ///< There was progress: start a new period.
    LookAgain,  ///< The first check without progress: check again after a share of the period, see
                ///< graceShare.
    TimedOut,
};

/// Two checks without progress end the period, the second shortly after the first: if this process was
/// stopped for a while, data that the peer sent meanwhile is read in between.
class ProgressMachine {
public:
    /// The second check comes after this share of the period; a check that is later than that proves nothing.
    static constexpr int graceShare = 8;

    /// A check is due.
    bool isOn() const noexcept { return step_ != Step::Off; }
    void stop() noexcept { step_ = Step::Off; }

protected:
    ~ProgressMachine() = default;
    void begin() noexcept { step_ = Step::First; }
    ProgressVerdict judge(bool hasMoved, bool isLate) noexcept {
        const Step before = std::exchange(step_, Step::Off);
        if (hasMoved) return ProgressVerdict::BeginAnew;
        if (before == Step::Second && !isLate) return ProgressVerdict::TimedOut;
        step_ = Step::Second;
        return ProgressVerdict::LookAgain;
    }

private:
    enum class Step : std::uint8_t { Off, First, Second };  // which check comes next
    Step step_ = Step::Off;
};

/// Whether a frame that the peer has begun makes progress.
class FrameProgress : public ProgressMachine {
public:
    /// Minimum progress of a frame in each period: distinguishes a slow network from a peer that sends single
    /// bytes.
    static constexpr std::size_t leastBytes = 1024;

    struct Facts {
        bool isOver = false;       ///< Input from the peer no longer counts.
        bool isDeaf = false;       ///< Nothing is being read.
        bool isMidFrame = false;   ///< Part of a frame is in.
        std::uint64_t frames = 0;  ///< Complete ones so far.
        std::size_t bytesIn = 0;   ///< Of the current frame.
        bool isLate = false;       ///< The check comes much later than planned.
    };

    void begin(std::uint64_t frames, std::size_t bytesIn) noexcept {
        frames_ = frames;
        bytesIn_ = bytesIn;
        ProgressMachine::begin();
    }
    ProgressVerdict onDeadline(const Facts& facts) noexcept {
        if (facts.isOver || facts.isDeaf || !facts.isMidFrame) {
            stop();  // starts again with the next part of a frame
            return ProgressVerdict::Nothing;
        }
        return judge(facts.frames != frames_ || facts.bytesIn - bytesIn_ >= leastBytes, facts.isLate);
    }

private:
    std::uint64_t frames_ = 0;
    std::size_t bytesIn_ = 0;
};

/// Whether the peer accepts what is written.
class WriteProgress : public ProgressMachine {
public:
    struct Facts {
        bool isOver = false;       ///< Nothing needs to be written any more.
        bool isBlocked = false;    ///< The kernel takes no more.
        std::uint64_t writes = 0;  ///< So far; none while blocked, unless the kernel accepts more again.
        bool isLate = false;
    };

    void begin(std::uint64_t writes) noexcept {
        writes_ = writes;
        ProgressMachine::begin();
    }
    ProgressVerdict onDeadline(const Facts& facts) noexcept {
        if (facts.isOver || !facts.isBlocked) {
            stop();
            return ProgressVerdict::Nothing;
        }
        return judge(facts.writes != writes_, facts.isLate);
    }

private:
    std::uint64_t writes_ = 0;
};

/// Whether a peer sends its frames in parts. A peer that writes header, text headers and body separately and
/// leaves Nagle's algorithm on (tofu does) sends the second part only when the first is acknowledged, and
/// this kernel delays that by 40 ms in the hope of data to send along. Each message would take that long. A
/// tempeh peer writes whole frames: it is watched for a while, and no acknowledgement is ever forced.
class PartHabit {
public:
    enum class Habit : std::uint8_t { Unknown, Splits, Whole };
    enum class Action : std::uint8_t { Nothing, Acknowledge, Look };

    /// A peer that sent more of a frame has more to send.
    static constexpr std::size_t segment = 1024;
    /// This many frames that continued without help prove that all do. (The kernel acknowledges the first
    /// sixteen segments at once, so the habit shows later.)
    static constexpr std::uint8_t looksAtMost = 64;

    bool mayTell() const noexcept { return habit_ != Habit::Whole; }
    Habit habit() const noexcept { return habit_; }

    /// Part of a frame has arrived. Look: after a moment, call begin() and onDeadline(), unless a check is
    /// already due.
    Action onPart(std::size_t bytesIn, bool isAcknowledgedLate) noexcept {
        if (!mayTell() || bytesIn >= segment) return Action::Nothing;
        if (habit_ == Habit::Splits) return Action::Acknowledge;
        if (!isAcknowledgedLate) {
            habit_ = Habit::Whole;
            return Action::Nothing;
        }
        return isLookDue_ ? Action::Nothing : Action::Look;
    }
    void begin(std::uint64_t frames, std::size_t bytesIn) noexcept {
        frames_ = static_cast<std::uint32_t>(frames);
        bytesIn_ = static_cast<std::uint32_t>(bytesIn);
        isLookDue_ = true;
    }
    void stop() noexcept { isLookDue_ = false; }

    Action onDeadline(const FrameProgress::Facts& facts) noexcept {
        isLookDue_ = false;
        if (facts.isOver) return Action::Nothing;
        const bool stands = !facts.isDeaf && facts.isMidFrame && facts.bytesIn == bytesIn_ &&
                            static_cast<std::uint32_t>(facts.frames) == frames_;
        if (stands) {
            habit_ = Habit::Splits;
            return Action::Acknowledge;
        }
        if (++looks_ == looksAtMost) habit_ = Habit::Whole;
        return Action::Nothing;
    }

private:
    // Each channel has one of these: 32 bits are enough to tell two consecutive checks apart.
    std::uint32_t frames_ = 0;
    std::uint32_t bytesIn_ = 0;
    Habit habit_ = Habit::Unknown;
    std::uint8_t looks_ = 0;  // checks made while the habit is unknown
    bool isLookDue_ = false;
};

}  // namespace tempeh::machines

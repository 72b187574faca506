#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace tempeh::machines {

/// What to do after a look at something that should move on.
enum class ProgressVerdict : std::uint8_t {
    Nothing,    ///< There is nothing to move; the next beginning is told.
    BeginAnew,  ///< It moved: a new period.
    LookAgain,  ///< Not moved, for the first time: after a share of the period, see graceShare.
    TimedOut,
};

/// Two looks without progress end it, the second shortly after the first: when this process has not run for a
/// while, what the peer sent meanwhile is read in between.
class ProgressMachine {
public:
    /// The second look comes after this share of the period; a look that is later than that is no evidence.
    static constexpr int graceShare = 8;

    /// A look is due.
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
    enum class Step : std::uint8_t { Off, First, Second };  // which look comes next
    Step step_ = Step::Off;
};

/// Whether the frame that a peer has begun moves on.
class FrameProgress : public ProgressMachine {
public:
    /// Of a frame, in each period: what tells a slow network from a peer that drips.
    static constexpr std::size_t leastBytes = 1024;

    struct Facts {
        bool isOver = false;       ///< Nothing of the peer's counts any more.
        bool isDeaf = false;       ///< This side does not read.
        bool isMidFrame = false;   ///< Part of a frame is in.
        std::uint64_t frames = 0;  ///< Whole ones so far.
        std::size_t bytesIn = 0;   ///< Of the one under way.
        bool isLate = false;       ///< The look comes much later than planned.
    };

    void begin(std::uint64_t frames, std::size_t bytesIn) noexcept {
        frames_ = frames;
        bytesIn_ = bytesIn;
        ProgressMachine::begin();
    }
    ProgressVerdict onDeadline(const Facts& facts) noexcept {
        if (facts.isOver || facts.isDeaf || !facts.isMidFrame) {
            stop();  // the next part of a frame begins anew
            return ProgressVerdict::Nothing;
        }
        return judge(facts.frames != frames_ || facts.bytesIn - bytesIn_ >= leastBytes, facts.isLate);
    }

private:
    std::uint64_t frames_ = 0;
    std::size_t bytesIn_ = 0;
};

/// Whether a peer takes what is written.
class WriteProgress : public ProgressMachine {
public:
    struct Facts {
        bool isOver = false;       ///< Nothing has to be written any more.
        bool isBlocked = false;    ///< The kernel takes no more.
        std::uint64_t writes = 0;  ///< So far; while blocked none, unless the kernel said that it takes more.
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

/// Whether a peer sends its frames in parts. One that writes header, text headers and body one by one and
/// leaves Nagle's algorithm on (tofu does) sends the second part when the first is acknowledged, and this
/// side's kernel waits 40 ms with that for something to send along: each message would take so long. An
/// engine of our own writes whole frames; it is looked at for a while, and never asked for anything.
class PartHabit {
public:
    enum class Habit : std::uint8_t { Unknown, Splits, Whole };
    enum class Action : std::uint8_t { Nothing, Acknowledge, Look };

    /// Whoever sent more of a frame has more to send.
    static constexpr std::size_t segment = 1024;
    /// As many frames that went on by themselves say that all do: the kernel acknowledges the first sixteen
    /// segments at once, so it shows later.
    static constexpr std::uint8_t looksAtMost = 64;

    bool mayTell() const noexcept { return habit_ != Habit::Whole; }
    Habit habit() const noexcept { return habit_; }

    /// Part of a frame is in. Look: after a moment, then begin() and onDeadline(), unless a look is due.
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
    // Each channel has one of these: 32 bits tell two looks in a row apart.
    std::uint32_t frames_ = 0;
    std::uint32_t bytesIn_ = 0;
    Habit habit_ = Habit::Unknown;
    std::uint8_t looks_ = 0;  // at frames that had begun, while it is unknown
    bool isLookDue_ = false;
};

}  // namespace tempeh::machines

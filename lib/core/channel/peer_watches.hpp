#pragma once

#include "core/engine/deadlines.hpp"
#include "machines/progress.hpp"

#include <tempeh/core/asio.hpp>

#include <memory>

namespace tempeh::core {

/// Watches whether the peer of a channel makes progress: with a frame it has begun, and in accepting data;
/// and whether it waits for our acknowledgements. Checks now and then instead of recording each step, so that
/// progress costs nothing. Machines decide; this class determines when they are asked. A watch is created on
/// demand, as most channels never need one. Reactor thread.
class PeerWatches {
public:
    /// The channel: what can be observed, and what follows from it.
    class Owner {
    public:
        virtual machines::FrameProgress::Facts frameFacts() const noexcept = 0;
        virtual machines::WriteProgress::Facts writeFacts() const noexcept = 0;
        /// How much later than planned the current deadline fires.
        virtual Duration lateness() const noexcept = 0;
        virtual void setDeadline(Deadline& deadline, Duration timeout) noexcept = 0;
        virtual void acknowledgeNow() noexcept = 0;
        /// These two may destroy the watches.
        virtual void onFrameTimeout() noexcept = 0;
        virtual void onWriteTimeout() noexcept = 0;

    protected:
        ~Owner() = default;
    };

    explicit PeerWatches(Owner& owner) noexcept : owner_(owner) {}
    PeerWatches(const PeerWatches&) = delete;
    PeerWatches& operator=(const PeerWatches&) = delete;

    /// Part of a frame has arrived: it must make progress within each period. Zero: no limit. If there is no
    /// memory for a watch, the peer is watched from its next step on; the same holds below.
    void watchFrame(Duration period) noexcept;
    bool watchesFrame() const noexcept { return frame_ != nullptr && frame_->machine.isOn(); }
    void stopFrame() noexcept;
    /// The kernel accepts no more: the peer must accept something within the period. Zero as above.
    void watchWriting(Duration period) noexcept;

    /// Part of a frame has arrived. `isAcknowledgedLate`: the stream's trait.
    void onPart(bool isAcknowledgedLate) noexcept;
    bool mayTellOfParts() const noexcept { return habit_.mayTell(); }

    void stop() noexcept;
    /// stop(), and frees the memory.
    void clear() noexcept;

private:
    template <typename Machine>
    struct Watch {
        Watch(Deadline::Callback onDeadline, void* context) noexcept : deadline(onDeadline, context) {}
        void stop() noexcept {
            machine.stop();
            Deadlines::cancel(deadline);
        }
        Deadline deadline;
        Machine machine;
        Duration period{};
    };

    template <auto onDeadline, typename Made>
    bool make(std::unique_ptr<Made>& made) noexcept;
    template <typename Machine>
    bool hasTimedOut(Watch<Machine>& watch, typename Machine::Facts facts,
                     void (PeerWatches::*beginAnew)(Duration) noexcept) noexcept;
    void onFrameDeadline() noexcept;
    void onWriteDeadline() noexcept;
    void onPartDeadline() noexcept;

    Owner& owner_;
    std::unique_ptr<Watch<machines::FrameProgress>> frame_;
    std::unique_ptr<Watch<machines::WriteProgress>> write_;
    std::unique_ptr<Deadline> part_;
    machines::PartHabit habit_;
};

}  // namespace tempeh::core

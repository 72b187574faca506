#pragma once

#include "core/deadlines.hpp"
#include "machines/progress.hpp"

#include <tempeh/core/asio.hpp>

#include <memory>

namespace tempeh::core {

/// Whether the peer of a channel moves on: in a frame that it has begun, and in taking what is sent; and
/// whether it waits for this side's acknowledgements. Looks now and then instead of being told each time
/// something moves, so what moves pays nothing. Machines judge; here is when they are asked. Most channels
/// never need a watch: it is made when it is. Reactor thread.
class PeerWatches {
public:
    /// Whose peer it is: what there is to see, and what comes of it.
    class Owner {
    public:
        virtual machines::FrameProgress::Facts frameFacts() const noexcept = 0;
        virtual machines::WriteProgress::Facts writeFacts() const noexcept = 0;
        /// How much later than planned the deadline comes that comes now.
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

    /// Part of a frame is in: it has to move on within the period, again and again. Zero: however long it
    /// takes. Where there is no memory for a watch, the peer is watched from its next step on; here and
    /// below.
    void watchFrame(Duration period) noexcept;
    bool watchesFrame() const noexcept { return frame_ != nullptr && frame_->machine.isOn(); }
    void stopFrame() noexcept;
    /// The kernel takes no more: the peer has to take something within the period. Zero as above.
    void watchWriting(Duration period) noexcept;

    /// Part of a frame is in. `isAcknowledgedLate`: the stream's trait.
    void onPart(bool isAcknowledgedLate) noexcept;
    bool mayTellOfParts() const noexcept { return habit_.mayTell(); }

    void stop() noexcept;
    /// stop(), and gives the memory back.
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

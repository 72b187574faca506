#pragma once

#include "flows/hub/hub.hpp"

#include <tempeh/core/read_mode.hpp>
#include <tempeh/message/message.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace tempeh::flows::detail {

/// The number and the cost of messages that wait to be taken. A message must not change while it counts.
struct Backlog {
    std::size_t messages = 0;
    std::size_t bytes = 0;

    void add(const Message& message) noexcept {
        ++messages;
        bytes += costOf(message);
    }
    void remove(const Message& message) noexcept {
        --messages;
        bytes -= costOf(message);
    }

private:
    static std::size_t costOf(const Message& message) noexcept {
        return sizeof(Message) + message.textHeaders.sizeBytes() + message.body.size();
    }
};

/// Decides when one peer's channel is read. What waits to be taken has a share of what the pool has left;
/// beyond it only this channel is paused, until half of that is taken. While something waits for messages
/// still to come through the channel (an answer, a part, a signal for a writer, the end), it is read on,
/// beside the pool, up to a bound (see docs/decisions/what_waits_for_a_peer.md).
class ReadControl {
public:
    /// Something that waits for messages still to come. Begins and ends any number of times.
    class Need {
    public:
        explicit Need(ReadControl& control) noexcept : control_(control) {}
        Need(const Need&) = delete;
        Need& operator=(const Need&) = delete;
        void begin() noexcept TEMPEH_REQUIRES(hubLocked) {
            if (!std::exchange(isOn_, true)) control_.beginNeed();
        }
        void end() noexcept TEMPEH_REQUIRES(hubLocked) {
            if (std::exchange(isOn_, false)) --control_.needs_;
        }

    private:
        ReadControl& control_;
        bool isOn_ TEMPEH_GUARDED_BY(hubLocked) = false;
    };

    /// What waits `elsewhere` counts too, until watch() says otherwise. Nothing waits there yet.
    ReadControl(Hub& hub, const Backlog& elsewhere) noexcept : hub_(hub), elsewhere_(&elsewhere) {}
    ReadControl(const ReadControl&) = delete;
    ReadControl& operator=(const ReadControl&) = delete;

    /// Call these before anything arrives. `limit`: one message more ends the channel; 0: no such limit.
    void open(ChannelNumber channel) noexcept { channel_ = channel; }
    void setLimit(std::size_t limit) noexcept TEMPEH_REQUIRES(hubLocked) { limit_ = limit; }
    /// What waits elsewhere counts too; null: nothing does.
    void watch(const Backlog* elsewhere) noexcept TEMPEH_REQUIRES(hubLocked);
    /// What waits elsewhere has changed.
    void update() noexcept TEMPEH_REQUIRES(hubLocked);
    void add(const Message& message) noexcept TEMPEH_REQUIRES(hubLocked);
    void remove(const Message& message) noexcept TEMPEH_REQUIRES(hubLocked);
    /// The application wants nothing to be read, whatever waits for it; false: no longer.
    void hold(bool isHeld) noexcept TEMPEH_REQUIRES(hubLocked);
    /// This side has said bye: everything still to come is waited for.
    void setClosing() noexcept TEMPEH_REQUIRES(hubLocked);
    void onPoolEmpty() noexcept TEMPEH_REQUIRES(hubLocked);
    /// The channel has ended.
    void stop() noexcept TEMPEH_REQUIRES(hubLocked) { isStopped_ = true; }
    /// Nothing is left to take messages: they are read and dropped.
    void letGo() noexcept TEMPEH_REQUIRES(hubLocked);

    std::size_t messages() const noexcept TEMPEH_REQUIRES(hubLocked) {
        return here_.messages + elsewhere().messages;
    }
    std::size_t bytes() const noexcept TEMPEH_REQUIRES(hubLocked) { return here_.bytes + elsewhere().bytes; }
    /// One more message is too many for what the peer may leave waiting.
    bool isAtLimit() const noexcept TEMPEH_REQUIRES(hubLocked) { return limit_ != 0 && messages() >= limit_; }
    /// Half of its share waits: messages that matter to nothing are no longer kept.
    bool isHalfFull() const noexcept TEMPEH_REQUIRES(hubLocked) {
        return messages() * 2 >= share() || bytes() * 2 >= pauseBytes;
    }
    /// The most news that something finds that has never received.
    bool isFull() const noexcept TEMPEH_REQUIRES(hubLocked) { return bytes() >= pauseBytes; }
    /// Something waits for more, and this is the most that is kept meanwhile.
    bool isOverUrgentLimit() const noexcept TEMPEH_REQUIRES(hubLocked) {
        return needs_ != 0 && bytes() >= urgentBytes;
    }

private:
    friend class Need;

    /// Pause at this many bytes while nothing waits for more.
    static constexpr std::size_t pauseBytes = 16 * 1024 * 1024;
    /// Read on up to this many bytes while something does.
    static constexpr std::size_t urgentBytes = 128 * 1024 * 1024;

    const Backlog& elsewhere() const noexcept TEMPEH_REQUIRES(hubLocked) {
        static constexpr Backlog nothing;
        return elsewhere_ != nullptr ? *elsewhere_ : nothing;
    }
    std::size_t share() const noexcept TEMPEH_REQUIRES(hubLocked) {
        return std::max(hub_.shareOfPool(), limit_);
    }
    bool isOver() const noexcept TEMPEH_REQUIRES(hubLocked);
    void beginNeed() noexcept TEMPEH_REQUIRES(hubLocked);
    void adjust() noexcept TEMPEH_REQUIRES(hubLocked);
    void count() noexcept TEMPEH_REQUIRES(hubLocked);

    Hub& hub_;
    ChannelNumber channel_ = 0;  // constant once opened
    std::size_t limit_ TEMPEH_GUARDED_BY(hubLocked) = 0;
    Backlog here_ TEMPEH_GUARDED_BY(hubLocked);
    const Backlog* elsewhere_ TEMPEH_GUARDED_BY(hubLocked);
    std::size_t counted_ TEMPEH_GUARDED_BY(hubLocked) = 0;  // of both, with the hub
    std::size_t needs_ TEMPEH_GUARDED_BY(hubLocked) = 0;
    /// Messages read only because the pool was empty.
    std::size_t movedInNeed_ TEMPEH_GUARDED_BY(hubLocked) = 0;
    ReadMode mode_ TEMPEH_GUARDED_BY(hubLocked) = ReadMode::Normal;
    bool isClosing_ TEMPEH_GUARDED_BY(hubLocked) = false;
    bool isHeld_ TEMPEH_GUARDED_BY(hubLocked) = false;
    bool isStopped_ TEMPEH_GUARDED_BY(hubLocked) = false;
};

}  // namespace tempeh::flows::detail

#pragma once

#include "core/counters.hpp"
#include "core/end_detail.hpp"
#include "core/send_right.hpp"
#include "machines/channel_machine.hpp"
#include "wire/encoder.hpp"

#include <tempeh/core/channel_info.hpp>
#include <tempeh/core/detail/group_backend.hpp>
#include <tempeh/message/message_queue.hpp>

#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <utility>

namespace tempeh::core {

class Engine;
class Group;

struct GroupTag;
struct DirtyTag;
struct PausedTag;
struct ActiveTag;
struct ListedTag;
struct CollectedTag;
struct RetiredTag;
struct SweptTag;
template <typename Tag>
using ChannelHook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<Tag>,
                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
using GroupHook = boost::intrusive::list_base_hook<boost::intrusive::tag<GroupTag>,
                                                   boost::intrusive::link_mode<boost::intrusive::safe_link>>;

class Channel;
/// Channels by one of their hooks. What a list of these needs is there before, so it never fails.
template <typename Tag>
using ChannelList = boost::intrusive::list<Channel, boost::intrusive::base_hook<ChannelHook<Tag>>,
                                           boost::intrusive::constant_time_size<false>>;
/// The channels of one group. Under the Switchboard's lock.
class GroupChannels : public boost::intrusive::list<Channel, boost::intrusive::base_hook<GroupHook>,
                                                    boost::intrusive::constant_time_size<true>> {
public:
    bool isClosed = false;  ///< The group is gone: no channel joins it any more.
};

using CancelledWaiters =
    boost::intrusive::list<detail::Waiter, boost::intrusive::base_hook<detail::WaiterCancelHook>,
                           boost::intrusive::constant_time_size<false>>;

/// What every channel has: its number, its group, and the door through which other threads reach it. Fields
/// are grouped by who may touch them.
class Channel : public boost::intrusive_ref_counter<Channel, boost::thread_safe_counter>,
                public GroupHook,
                public ChannelHook<DirtyTag>,
                public ChannelHook<PausedTag>,
                public ChannelHook<ActiveTag>,
                public ChannelHook<ListedTag>,
                public ChannelHook<CollectedTag>,
                public ChannelHook<RetiredTag>,
                public ChannelHook<SweptTag> {
public:
    enum class Kind : std::uint8_t { Io, Listener };

    Channel(Engine& engine, std::shared_ptr<Group> group, Kind kind);
    virtual ~Channel();
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    Kind kind() const noexcept { return kind_; }
    bool isListener() const noexcept { return kind_ == Kind::Listener; }
    Group& group() const noexcept { return *group_; }
    ChannelNumber number() const noexcept { return number_; }
    std::uint32_t generation() const noexcept { return generation_; }

    // --- Reactor thread ---

    /// A message of the application's in its turn; it passed every check and belongs to the engine.
    virtual void accept(MessagePtr message) = 0;
    /// Ends the channel: what is queued comes back, then its ChannelClosed.
    virtual void end(machines::EndCause cause, Status status, const EndDetail& detail) noexcept = 0;
    /// Whether what was collected at the door may be accepted; false: later, when it is listed again.
    virtual bool beginAccepting() noexcept { return true; }
    /// Another thread had something for this channel; what may be accepted was.
    virtual void onListed() noexcept {}
    /// It has ended, and a thread that still writes keeps it from telling so.
    virtual bool isEnding() const noexcept { return false; }
    /// Waits for that thread. Only where the engine ends: everything on the reactor thread waits too.
    virtual void completeEnd() noexcept {}
    /// The application dropped the peer's ByeRequest.
    virtual void answerBye() noexcept {}
    /// The group is gone: send what is queued, then close, telling nobody.
    virtual void detach() = 0;
    /// The engine shuts down: send what is queued, then end.
    virtual void drainForShutdown() = 0;
    /// Ended already: do not wait for the peer any longer.
    virtual void closeStream() noexcept = 0;
    /// The context is gone: drop everything that belongs to it, now.
    virtual void abandon() noexcept = 0;
    /// What keeps it from ending, one line; empty: nothing.
    virtual std::string describeBacklog() const = 0;
    /// State, addresses and counters; the Switchboard's lock is held.
    virtual void fill(ChannelInfo& info) const = 0;

    // --- Under the Switchboard's lock ---

    /// What other threads posted and the reactor has not picked up.
    struct Door {
        MessageQueue submitted;
        std::size_t submittedBytes = 0;
        bool isListed = false;       // among the channels with something submitted
        bool isByeDropped = false;   // the reactor is to answer the peer's bye
        CancelledWaiters cancelled;  // waitWritables that were
        ReadMode readMode = ReadMode::Normal;
        bool hasEnded = false;   // posts come back; written on the reactor thread
        bool isRetired = false;  // the number is free
        MessageQueue late;       // posted after the end, not yet given back
        std::size_t lateBytes = 0;
        Status lateStatus = Status::Returned;
        std::string localAddress;
        std::string peerAddress;
        std::optional<PeerCredentials> peerCredentials;
        Transport transport = Transport::Other;
    } door;

    /// Whether the send queue takes the message on top of what it has and of what waits at the door. Control
    /// messages always find a place, one message always does.
    bool hasRoom(const Message& message, std::size_t doorMessages, std::size_t doorBytes) const noexcept {
        return fits(message, queuedMessages.load(std::memory_order_relaxed) + doorMessages,
                    queuedBytes.load(std::memory_order_relaxed) + doorBytes);
    }
    /// The same for what is posted after the end.
    bool hasRoomLate(const Message& message) const noexcept {
        return fits(message, door.late.size(), door.lateBytes);
    }
    bool fits(const Message& message, std::size_t messages, std::size_t bytes) const noexcept {
        if (messages < queueLimits_.messages && bytes + wire::frameSize(message) <= queueLimits_.bytes)
            [[likely]]
            return true;
        // Whoever waitWritable() told of room must find it, however long the message is.
        return isHalfEmpty(messages, bytes) || !isRegular(message.header.opCode);
    }
    bool isHalfEmpty(std::size_t messages, std::size_t bytes) const noexcept {
        return messages * 2 <= queueLimits_.messages && bytes * 2 <= queueLimits_.bytes;
    }
    /// What is at the door is about to be accepted: it counts as queued, so that the limit holds meanwhile.
    void countCollected() noexcept;
    /// Whether a writer that waits may go on: send queue and door are at most half full.
    bool looksWritable() const noexcept;

    // --- Any thread ---

    SendRight sendRight;
    /// One message may go out directly: something was received since the last one that did. So an answer goes
    /// at once, and a stream is gathered by the reactor.
    std::atomic<bool> mayAnswerDirectly{false};

    // --- Written on the reactor thread, read by any ---

    std::atomic<std::size_t> queuedMessages{0};
    std::atomic<std::size_t> queuedBytes{0};
    std::atomic<ChannelPhase> phase{ChannelPhase::Opening};
    ChannelCounters counters;

    /// What was collected at the door and is not accepted yet; comes back too when the channel ends in the
    /// middle. Reactor thread.
    MessageQueue accepting;
    std::size_t acceptingBytes = 0;  // of its frames
    bool isAccepting = false;        // it is being worked off
    bool isByeDropped = false;       // as the door said when it was looked at
    CancelledWaiters cancelled;      // emptied with the Switchboard's lock held
    ReadMode wantedReadMode = ReadMode::Normal;

    MessageId firstId = 0;  // of the channel's first message; constant once known

protected:
    friend class Switchboard;

    /// What fill() does for every kind.
    void fillCommon(ChannelInfo& info) const;

    struct QueueLimits {
        std::size_t messages;
        std::size_t bytes;
    };

    Duration age() const noexcept;

    Engine& engine_;
    const QueueLimits queueLimits_;

private:
    const Kind kind_;
    const std::shared_ptr<Group> group_;
    ChannelNumber number_ = 0;  // constant once the Switchboard has given it
    std::uint32_t generation_ = 0;
    GroupChannels* siblings_ = nullptr;  // the list of its group; constant once opened
    const TimePoint opened_;
};

using ChannelPtr = boost::intrusive_ptr<Channel>;

}  // namespace tempeh::core

#pragma once

#include "core/channel_addresses.hpp"
#include "core/channel_submissions.hpp"
#include "core/counters.hpp"
#include "core/end_detail.hpp"
#include "core/send_right.hpp"
#include "machines/channel_machine.hpp"
#include "wire/encoder.hpp"

#include <tempeh/core/channel_info.hpp>
#include <tempeh/core/detail/group_backend.hpp>
#include <tempeh/core/options.hpp>
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
class IoChannel;

struct GroupTag;
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
/// The channels of one group; the ChannelTable alone looks inside, and has the lock for it.
class GroupChannels {
private:
    friend class ChannelTable;
    using List = boost::intrusive::list<Channel, boost::intrusive::base_hook<GroupHook>,
                                        boost::intrusive::constant_time_size<true>>;
    struct Data {
        List list;
        bool isClosed = false;  // the group is gone: no channel joins it any more
    };
    Data data_;
};

/// What every channel has: its number, its group, its part of the SubmitQueue. Fields are grouped by who may
/// touch them.
class Channel : public boost::intrusive_ref_counter<Channel, boost::thread_safe_counter>,
                public GroupHook,
                public ChannelHook<ActiveTag>,
                public ChannelHook<ListedTag>,
                public ChannelHook<CollectedTag>,
                public ChannelHook<RetiredTag>,
                public ChannelHook<SweptTag> {
public:
    enum class Kind : std::uint8_t { Io, Listener };

    struct QueueLimits {
        std::size_t messages;
        std::size_t bytes;
    };

    static QueueLimits limitsOf(const Options& options) noexcept {
        return {options.sendQueueMessages, options.sendQueueBytes};
    }

    Channel(std::shared_ptr<Group> group, Kind kind, QueueLimits limits, TimePoint opened);
    virtual ~Channel();
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    Kind kind() const noexcept { return kind_; }
    bool isListener() const noexcept { return kind_ == Kind::Listener; }
    /// Null: a listener. For what only connections do; one call of these per posted message has to be inline.
    IoChannel* connection() const noexcept { return connection_; }
    Group& group() const noexcept { return *group_; }
    ChannelNumber number() const noexcept { return number_; }
    std::uint32_t generation() const noexcept { return generation_; }
    /// Where it is listed tells whose it is.
    bool isOf(const GroupChannels& group) const noexcept { return siblings_ == &group; }

    // --- Reactor thread ---

    /// A message of the application's in its turn; it passed every check and belongs to the engine.
    virtual void accept(MessagePtr message) = 0;
    /// Ends the channel: what is queued comes back, then its ChannelClosed.
    virtual void end(machines::EndCause cause, Status status, const EndDetail& detail) noexcept = 0;
    /// Whether what was collected may be accepted; false: later, when it is listed again.
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
    /// State, addresses and counters. Any thread.
    virtual void fill(ChannelInfo& info) const = 0;

    // --- Any thread ---

    ChannelSubmissions submissions;
    ChannelAddresses addresses;

    /// Longest text headers of a message that a thread writes itself, bytes.
    static constexpr std::size_t maxDirectHeaders = 2048;

    /// Whether the send queue takes the message on top of what it has and of what is submitted. Control
    /// messages always find a place, one message always does.
    bool hasRoom(const Message& message, std::size_t submitted, std::size_t bytes) const noexcept {
        return fits(message, queuedMessages.load(std::memory_order_relaxed) + submitted,
                    queuedBytes.load(std::memory_order_relaxed) + bytes);
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

    SendRight sendRight;
    /// One message may go out directly: something was received since the last one that did. So an answer goes
    /// at once, and a stream is gathered by the reactor.
    std::atomic<bool> mayAnswerDirectly{false};

    // --- Written on the reactor thread, read by any ---

    std::atomic<std::size_t> queuedMessages{0};
    std::atomic<std::size_t> queuedBytes{0};
    std::atomic<ChannelPhase> phase{ChannelPhase::Opening};
    ChannelCounters counters;

    /// What was collected and is not accepted yet; comes back too when the channel ends in the middle.
    /// Reactor thread.
    MessageQueue accepting;
    std::size_t acceptingBytes = 0;  // of its frames
    bool isAccepting = false;        // it is being worked off
    bool isByeDropped = false;       // when it was collected
    CancelledWaiters cancelled;      // SubmitQueue::deregister() takes them out
    ReadMode wantedReadMode = ReadMode::Normal;

    MessageId firstId = 0;  // of the channel's first message; constant once known

protected:
    void setConnection(IoChannel& connection) noexcept { connection_ = &connection; }
    /// What fill() does for every kind.
    void fillCommon(ChannelInfo& info, const ChannelSubmissions::Snapshot& posted, TimePoint now) const;
    Duration age(TimePoint now) const noexcept { return now - opened_; }

private:
    friend class ChannelTable;

    const QueueLimits queueLimits_;
    const Kind kind_;
    IoChannel* connection_ = nullptr;  // this, as what it is; constant once constructed
    const std::shared_ptr<Group> group_;
    // Constant once the ChannelTable has given them.
    ChannelNumber number_ = 0;
    std::uint32_t generation_ = 0;
    GroupChannels* siblings_ = nullptr;
    const TimePoint opened_;
};

using ChannelPtr = boost::intrusive_ptr<Channel>;

}  // namespace tempeh::core

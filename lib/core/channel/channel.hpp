#pragma once

#include "core/channel/channel_addresses.hpp"
#include "core/channel/end_detail.hpp"
#include "core/channel/send_right.hpp"
#include "core/engine/counters.hpp"
#include "core/submit/channel_submissions.hpp"
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
/// A list of channels linked through one of their hooks. Adding to it needs no memory, so it never fails.
template <typename Tag>
using ChannelList = boost::intrusive::list<Channel, boost::intrusive::base_hook<ChannelHook<Tag>>,
                                           boost::intrusive::constant_time_size<false>>;
/// The channels of one group. Only ChannelTable accesses it, under its lock.
class GroupChannels {
private:
    friend class ChannelTable;
    using List = boost::intrusive::list<Channel, boost::intrusive::base_hook<GroupHook>,
                                        boost::intrusive::constant_time_size<true>>;
    struct Data {
        List list;
        bool isClosed = false;  // the group has ended: no further channel joins it
    };
    Data data_;
};

/// What all channels share: number, group, part of the SubmitQueue. Fields are grouped by the threads that
/// may use them.
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
    /// Null for a listener. Gives access to what only connections do; not virtual, because one such call per
    /// posted message must be inline.
    IoChannel* connection() const noexcept { return connection_; }
    Group& group() const noexcept { return *group_; }
    ChannelNumber number() const noexcept { return number_; }
    std::uint32_t generation() const noexcept { return generation_; }
    /// The list that holds the channel shows to which group it belongs.
    bool isOf(const GroupChannels& group) const noexcept { return siblings_ == &group; }

    /// How long ago this object was made.
    Duration age(TimePoint now) const noexcept { return now - opened_; }

    // --- Reactor thread ---

    /// Accepts the application's next message, which passed every check and belongs to the engine.
    virtual void accept(MessagePtr message) = 0;
    /// Ends the channel: queued messages come back, then its ChannelClosed.
    virtual void end(machines::EndCause cause, Status status, const EndDetail& detail) noexcept = 0;
    /// Whether collected messages may be accepted now. False: later, when the channel is listed again.
    virtual bool beginAccepting() noexcept { return true; }
    /// Another thread submitted something for this channel. Called after what may be accepted was accepted.
    virtual void onListed() noexcept {}
    /// The channel has ended, but its end cannot be reported while a thread is still writing.
    virtual bool isEnding() const noexcept { return false; }
    /// Waits for that thread. Only while the engine is ending, as it blocks the whole reactor thread.
    virtual void completeEnd() noexcept {}
    /// The application dropped the peer's ByeRequest.
    virtual void answerBye() noexcept {}
    /// The group has ended: sends what is queued, then closes without notifying anyone.
    virtual void detach() = 0;
    /// The engine is shutting down: sends what is queued, then ends.
    virtual void drainForShutdown() = 0;
    /// For a channel that has ended: stops waiting for the peer.
    virtual void closeStream() noexcept = 0;
    /// The context is gone: drops everything that belongs to it, now.
    virtual void abandon() noexcept = 0;
    /// What keeps the channel from ending, in one line; empty: nothing.
    virtual std::string describeBacklog() const = 0;
    /// State, addresses and counters. Any thread.
    virtual void fill(ChannelInfo& info) const = 0;

    // --- Any thread ---

    ChannelSubmissions submissions;
    ChannelAddresses addresses;

    /// Maximum text headers of a message that a posting thread writes itself, in bytes.
    static constexpr std::size_t maxDirectHeaders = 2048;

    /// Whether the send queue accepts the message in addition to its content and the submitted messages.
    /// Control messages are always accepted; an empty queue accepts any message.
    bool hasRoom(const Message& message, std::size_t submitted, std::size_t bytes) const noexcept {
        return fits(message, queuedMessages.load(std::memory_order_relaxed) + submitted,
                    queuedBytes.load(std::memory_order_relaxed) + bytes);
    }
    bool fits(const Message& message, std::size_t messages, std::size_t bytes) const noexcept {
        if (messages < queueLimits_.messages && bytes + wire::frameSize(message) <= queueLimits_.bytes)
            [[likely]]
            return true;
        // A caller to whom waitWritable() reported room must find it, however long the message is.
        return isHalfEmpty(messages, bytes) || !isRegular(message.header.opCode);
    }
    bool isHalfEmpty(std::size_t messages, std::size_t bytes) const noexcept {
        return messages * 2 <= queueLimits_.messages && bytes * 2 <= queueLimits_.bytes;
    }

    SendRight sendRight;
    /// Whether one message may be sent directly: true when something was received since the last direct one.
    /// So a reply is sent at once, while the reactor gathers the messages of a stream.
    std::atomic<bool> mayAnswerDirectly{false};

    // --- Written on the reactor thread, read by any ---

    std::atomic<std::size_t> queuedMessages{0};
    std::atomic<std::size_t> queuedBytes{0};
    std::atomic<ChannelPhase> phase{ChannelPhase::Opening};
    ChannelCounters counters;

    /// Collected and not accepted yet; also comes back if the channel ends before that. Reactor thread.
    MessageQueue accepting;
    std::size_t acceptingBytes = 0;  // of its frames
    bool isAccepting = false;        // acceptance is in progress
    bool isByeDropped = false;       // as of the last collection
    CancelledWaiters cancelled;      // SubmitQueue::deregister() removes them
    ReadMode wantedReadMode = ReadMode::Normal;

    MessageId firstId = 0;  // of the channel's first message; constant once known

protected:
    void setConnection(IoChannel& connection) noexcept { connection_ = &connection; }
    /// The part of fill() that is the same for every kind.
    void fillCommon(ChannelInfo& info, const ChannelSubmissions::Snapshot& posted, TimePoint now) const;

private:
    friend class ChannelTable;

    const QueueLimits queueLimits_;
    const Kind kind_;
    IoChannel* connection_ = nullptr;  // this object as a connection; constant once constructed
    const std::shared_ptr<Group> group_;
    // Constant once set by ChannelTable.
    ChannelNumber number_ = 0;
    std::uint32_t generation_ = 0;
    GroupChannels* siblings_ = nullptr;
    const TimePoint opened_;
};

using ChannelPtr = boost::intrusive_ptr<Channel>;

}  // namespace tempeh::core

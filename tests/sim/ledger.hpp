#pragma once

#include <tempeh/tempeh.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tempeh::test {

/// Keeps the books of a simulation: what was posted where and what became of it. Every rule that it finds
/// broken is thrown as std::logic_error.
///
/// Of each direction of a channel, in the order of posting: what the peer received is the beginning of it,
/// without a gap; what came back is its end, without a gap; and nothing is in both. What lies between was
/// written whole and is lost on the way, which only a connection that did not end in order may do. (The
/// HelloRequest may have been received and come back nevertheless: then it was not answered. A ByeResponse
/// goes out although a ByeRequest went before: past what was posted between, which comes back.)
class Ledger {
public:
    using ChannelId = std::size_t;
    static constexpr ChannelId none = SIZE_MAX;

    explicit Ledger(bool lossIsAllowed) : lossIsAllowed_(lossIsAllowed) {}

    /// Makes the message the next post: its body has that size then, its number is in it or in a header.
    std::uint64_t stamp(Message& message, std::size_t bodySize);
    /// It was posted; one whose post failed is never heard of again. `isLocalBye`: a ByeSignal.
    ChannelId onPosted(std::size_t group, std::size_t engine, const BinaryHeader& header,
                       std::uint64_t serial, bool isLocalBye);
    void onUpdatePosted(std::size_t group) { ++updates_[group]; }

    /// What came out of waitReceive() and its like; as it came. The channel it belongs to.
    ChannelId onReceived(std::size_t group, std::size_t engine, const Message& message);
    /// waitReceive() gave nothing, or gave up, which was due after `timeout` and in `latest`.
    void onReceiveTimeout(Duration waited, Duration timeout, Duration latest) const;

    /// The group's handle is gone: nobody hears what becomes of its channels.
    void onGroupGone(std::size_t group);
    /// The engine died: its peers may lose what they were sent, and what they sent.
    void onLossPossible() { lossIsAllowed_ = true; }

    /// The channel's number is open for posts, as far as this group knows.
    bool isOpen(ChannelId channel) const { return !channels_[channel].isClosed; }
    std::size_t engineOf(ChannelId channel) const { return channels_[channel].engine; }
    ChannelNumber numberOf(ChannelId channel) const { return channels_[channel].number; }
    ChannelId find(std::size_t engine, ChannelNumber number) const;

    /// On a good network, when nobody has had anything to do for long: nothing is on its way. But two
    /// applications that answer each other until their pools are in their send queues wait for each other.
    void checkRest(const std::function<bool(std::size_t engine)>& isFullOfAnswers) const;
    /// At the end, when everything is received: nothing is missing.
    void checkEnd() const;

    struct Counts {
        std::uint64_t posted = 0;
        std::uint64_t delivered = 0;
        std::uint64_t returned = 0;
        std::uint64_t lost = 0;
        std::uint64_t channels = 0;
        std::uint64_t updates = 0;
    };
    Counts counts() const;

private:
    struct Post {
        ChannelId channel = none;
        std::size_t index = 0;
        OpCode opCode = OpCode::Signal;
        MessageId id = 0;
        bool isDelivered = false;
        bool isReturned = false;
        bool isPosted = false;
        bool overtakes = false;  // no part of the order
    };
    struct Channel {
        std::size_t engine = 0;
        std::size_t group = 0;
        ChannelNumber number = 0;
        MessageId firstId = 0;
        bool isListener = false;
        bool isClosed = false;       // its ChannelClosed was received
        bool isAbandoned = false;    // its group is gone
        bool endedWithBye = false;   // and said that a bye was exchanged
        bool hasEndedEarly = false;  // not because the other side ended it
        std::string reason;          // of the end
        ChannelId peer = none;
        std::vector<std::uint64_t> posts;
        std::size_t delivered = 0;  // of posts, from the first on
        bool hasSaidBye = false;
        bool hasHeard = false;                 // anything from the other side
        bool endedItself = false;              // by this side's application
        std::size_t firstReturned = SIZE_MAX;  // HelloRequest excepted
        std::size_t nextReturned = 0;
    };

    [[noreturn]] void fail(const std::string& what) const;
    ChannelId open(std::size_t group, std::size_t engine, ChannelNumber number, bool isListener,
                   MessageId firstId);
    void onDelivered(Channel& receiver, ChannelId receiverId, const Message& message);
    void onReturned(Channel& channel, const Message& message);
    void onClosed(Channel& channel, const Message& message);
    ChannelId onFromEngine(std::size_t group, std::size_t engine, const Message& message);
    std::string describe(const Channel& channel) const;
    std::string describe(const Post& post) const;
    bool mayLose(const Channel& from) const;

    bool lossIsAllowed_;
    std::vector<Post> posts_;
    std::vector<Channel> channels_;
    std::map<std::pair<std::size_t, ChannelNumber>, ChannelId> numbers_;  // of each engine
    std::map<std::size_t, std::deque<ChannelNumber>> closed_;             // of each engine, the last 1024
    std::map<std::size_t, std::uint64_t> updates_;
    std::map<std::size_t, std::uint64_t> updatesReceived_;
    std::map<std::size_t, bool> isGroupGone_;
};

}  // namespace tempeh::test

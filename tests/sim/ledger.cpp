#include "sim/ledger.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace tempeh::test {

namespace {

constexpr std::size_t remembered = 1024;
constexpr std::string_view serialHeader = "Serial";

/// Bodies begin with it; what has no body carries it as a header.
std::uint64_t serialOf(const Message& message) {
    std::uint64_t serial = 0;
    if (message.body.size() >= sizeof serial) {
        std::memcpy(&serial, message.body.bytes().data(), sizeof serial);
        return serial;
    }
    const auto text = message.textHeaders.find(serialHeader);
    return text ? std::stoull(std::string(*text)) : 0;
}

}  // namespace

void Ledger::fail(const std::string& what) const {
    throw std::logic_error("rule broken: " + what);
}

std::string Ledger::describe(const Channel& channel) const {
    return "channel " + std::to_string(channel.number) + " of engine " + std::to_string(channel.engine) +
           ", group " + std::to_string(channel.group) +
           (channel.reason.empty() ? std::string() : " (" + channel.reason + ")");
}

std::string Ledger::describe(const Post& post) const {
    return std::string(nameOf(post.opCode)) + " " + std::to_string(post.id) + ", post " +
           std::to_string(post.index) + " on " + describe(channels_[post.channel]);
}

Ledger::ChannelId Ledger::find(std::size_t engine, ChannelNumber number) const {
    const auto found = numbers_.find({engine, number});
    return found == numbers_.end() ? none : found->second;
}

Ledger::ChannelId Ledger::open(std::size_t group, std::size_t engine, ChannelNumber number, bool isListener,
                               MessageId firstId) {
    const ChannelId old = find(engine, number);
    if (old != none && !channels_[old].isClosed && !channels_[old].isAbandoned)
        fail("a number in use is given again: " + describe(channels_[old]));
    const std::deque<ChannelNumber>& closed = closed_[engine];
    if (std::find(closed.begin(), closed.end(), number) != closed.end())
        fail("number " + std::to_string(number) + " of engine " + std::to_string(engine) +
             " is among the last 1024 closed and given again");
    Channel& channel = channels_.emplace_back();
    channel.engine = engine;
    channel.group = group;
    channel.number = number;
    channel.isListener = isListener;
    channel.firstId = firstId;
    channel.isAbandoned = isGroupGone_[group];
    numbers_[{engine, number}] = channels_.size() - 1;
    return channels_.size() - 1;
}

std::uint64_t Ledger::stamp(Message& message, std::size_t bodySize) {
    posts_.emplace_back();
    const std::uint64_t serial = posts_.size();
    message.body.clear();
    if (bodySize >= sizeof serial) {
        const std::span<std::byte> body = message.body.prepare(bodySize);
        std::memcpy(body.data(), &serial, sizeof serial);
        std::fill(body.begin() + sizeof serial, body.begin() + static_cast<std::ptrdiff_t>(bodySize),
                  static_cast<std::byte>(bodySize));
        message.body.commit(bodySize);
        message.textHeaders.remove(serialHeader);
    } else {
        message.textHeaders.set(serialHeader, std::to_string(serial));
    }
    return serial;
}

Ledger::ChannelId Ledger::onPosted(std::size_t group, std::size_t engine, const BinaryHeader& header,
                                   std::uint64_t serial, bool isLocalBye) {
    const bool opens = header.opCode == OpCode::HelloRequest || header.opCode == OpCode::WelcomeRequest;
    const ChannelId id = opens ? open(group, engine, header.channelNumber,
                                      header.opCode == OpCode::WelcomeRequest, header.messageId)
                               : find(engine, header.channelNumber);
    if (id == none) fail("a post to an unknown channel succeeded");
    Channel& channel = channels_[id];
    if (channel.isClosed) fail("a post to a closed channel succeeded: " + describe(channel));
    if (isLocalBye || (channel.isListener && !opens)) return id;
    Post& post = posts_[serial - 1];
    post.channel = id;
    post.index = channel.posts.size();
    post.opCode = header.opCode;
    post.id = header.messageId;
    post.isPosted = true;
    post.overtakes = header.opCode == OpCode::ByeResponse && channel.hasSaidBye;
    channel.hasSaidBye = channel.hasSaidBye || header.opCode == OpCode::ByeRequest;
    if (post.overtakes) return id;
    channel.posts.push_back(serial);
    return id;
}

Ledger::ChannelId Ledger::onReceived(std::size_t group, std::size_t engine, const Message& message) {
    if (message.isFromEngine()) return onFromEngine(group, engine, message);
    const ChannelNumber number = message.header.channelNumber;
    ChannelId id = find(engine, number);
    if (message.header.opCode == OpCode::HelloRequest &&
        (id == none || channels_[id].isClosed || channels_[id].isAbandoned))
        id = open(group, engine, number, false, message.header.messageId);
    if (id == none) fail("a message for an unknown channel " + std::to_string(number));
    Channel& channel = channels_[id];
    if (channel.isClosed) fail("a message after ChannelClosed: " + describe(channel));
    if (channel.group != group) fail("a message in another group than its channel's: " + describe(channel));
    channel.hasHeard = true;
    onDelivered(channel, id, message);
    return id;
}

void Ledger::onDelivered(Channel& receiver, ChannelId receiverId, const Message& message) {
    const std::uint64_t serial = serialOf(message);
    if (serial == 0 && message.header.opCode == OpCode::ByeResponse) return;  // the engine's own answer
    if (serial == 0 || serial > posts_.size()) fail("a message nobody posted on " + describe(receiver));
    Post& post = posts_[serial - 1];
    if (!post.isPosted) fail("a message whose post failed was delivered");
    Channel& sender = channels_[post.channel];
    if (post.isDelivered) fail("delivered twice: " + describe(post));
    if (post.isReturned && post.opCode != OpCode::HelloRequest)
        fail("delivered, and had come back: " + describe(post));
    if (post.opCode != message.header.opCode || post.id != message.header.messageId)
        fail("delivered as something else: " + describe(post));
    if (sender.peer == none && receiver.peer == none) {
        sender.peer = receiverId;
        receiver.peer = post.channel;
    }
    if (sender.peer != receiverId || receiver.peer != post.channel)
        fail("delivered on a channel of others: " + describe(post) + " on " + describe(receiver));
    if (!post.overtakes && post.index != sender.delivered)
        fail("out of order, or something before it was lost: " + describe(post) + ", expected post " +
             std::to_string(sender.delivered));
    if (!post.overtakes) ++sender.delivered;
    post.isDelivered = true;
    if (message.body.size() > sizeof serial) {
        const auto bytes = message.body.bytes();
        const std::byte filler = static_cast<std::byte>(bytes.size());
        if (std::any_of(bytes.begin() + sizeof serial, bytes.end(),
                        [filler](std::byte byte) { return byte != filler; }))
            fail("delivered with another body: " + describe(post));
    }
}

Ledger::ChannelId Ledger::onFromEngine(std::size_t group, std::size_t engine, const Message& message) {
    const Status status = message.status();
    if (status == Status::ReceiverUpdate) {
        if (++updatesReceived_[group] > updates_[group]) fail("a ReceiverUpdate nobody asked for");
        return none;
    }
    const ChannelId id = find(engine, message.header.channelNumber);
    // A connection that was accepted may lack a message for its first frame.
    if (status == Status::PoolEmpty && (id == none || channels_[id].isClosed)) return none;
    if (id == none)
        fail("a status for an unknown channel: " + std::string(nameOf(status)) + " " +
             std::to_string(message.header.channelNumber));
    Channel& channel = channels_[id];
    if (channel.group != group) fail("a status in another group than its channel's: " + describe(channel));
    if (channel.isClosed) fail(std::string(nameOf(status)) + " after ChannelClosed: " + describe(channel));
    const bool isNotice = message.header.opCode == OpCode::Signal && serialOf(message) == 0;
    if (message.isChannelClosed() != (isNotice && status == Status::ChannelClosed))
        fail("isChannelClosed() is wrong about " + toString(message));
    if (message.isChannelClosed()) {
        onClosed(channel, message);
    } else if (isNotice) {
        if (status != Status::PoolEmpty && status != Status::AcceptFailed)
            fail("a notice with an odd status: " + std::string(nameOf(status)));
        if (message.header.messageId != channel.firstId)
            fail("a notice with another id than its channel's first: " + describe(channel));
    } else {
        onReturned(channel, message);
    }
    return id;
}

void Ledger::onReturned(Channel& channel, const Message& message) {
    if (message.header.opCode == OpCode::ByeResponse && serialOf(message) == 0) return;  // the engine's own
    const std::uint64_t serial = serialOf(message);
    if (serial == 0 || serial > posts_.size() || !posts_[serial - 1].isPosted)
        fail("something came back that nobody posted on " + describe(channel));
    Post& post = posts_[serial - 1];
    if (&channels_[post.channel] != &channel) fail("came back on another channel: " + describe(post));
    if (post.isReturned) fail("came back twice: " + describe(post));
    post.isReturned = true;
    if (channel.isListener) return;  // the WelcomeResponse
    const bool isHello = post.opCode == OpCode::HelloRequest;
    if (post.isDelivered && !isHello) fail("came back, and was delivered: " + describe(post));
    const bool keepsOpCode = message.header.opCode == (isHello ? OpCode::HelloResponse : post.opCode);
    if (!keepsOpCode || message.header.messageId != post.id)
        fail("came back as something else: " + describe(post));
    if (isHello || post.overtakes) return;
    if (channel.firstReturned == SIZE_MAX)
        channel.firstReturned = post.index;
    else if (post.index != channel.nextReturned)
        fail("came back out of order: " + describe(post) + ", expected post " +
             std::to_string(channel.nextReturned));
    channel.nextReturned = post.index + 1;
    if (post.index < channel.delivered)
        fail("came back, and what was behind it was delivered: " + describe(post));
}

void Ledger::onClosed(Channel& channel, const Message& message) {
    channel.isClosed = true;
    if (message.header.messageId != channel.firstId)
        fail("a ChannelClosed with id " + std::to_string(message.header.messageId) + " instead of " +
             std::to_string(channel.firstId) + ": " + describe(channel));
    if (!message.textHeaders.find("~reason") || !message.textHeaders.find("~peer"))
        fail("a ChannelClosed that does not say why and who: " + describe(channel));
    const std::string& reason = channel.reason = message.textHeaders.find("~reason").value_or("");
    channel.endedWithBye = reason.find("bye exchanged") != std::string::npos;
    channel.endedItself = reason.find("closed locally") != std::string::npos;
    channel.hasEndedEarly =
        !channel.endedWithBye && reason.find("the peer closed the connection") == std::string::npos;
    std::deque<ChannelNumber>& closed = closed_[channel.engine];
    closed.push_back(channel.number);
    if (closed.size() > remembered) closed.pop_front();
}

void Ledger::onReceiveTimeout(Duration waited, Duration timeout, Duration latest) const {
    if (waited < timeout) fail("a timeout before its time");
    if (waited > latest) fail("a timeout after its time");
}

void Ledger::onGroupGone(std::size_t group) {
    isGroupGone_[group] = true;
    for (Channel& channel : channels_)
        if (channel.group == group && !channel.isClosed) channel.isAbandoned = true;
}

/// Whether what was written may be lost: the connection did not end in order. Where both sides say that a bye
/// was exchanged it did, whatever the network was like; where the network is good, one that ends it early is
/// needed too.
bool Ledger::mayLose(const Channel& from) const {
    if (from.isAbandoned) return true;
    if (from.peer == none) return !from.endedWithBye;  // never accepted
    const Channel& to = channels_[from.peer];
    if (to.isAbandoned) return true;
    if (from.endedWithBye && to.endedWithBye) return false;
    return lossIsAllowed_ || from.hasEndedEarly || to.hasEndedEarly;
}

void Ledger::checkRest(const std::function<bool(std::size_t engine)>& isFullOfAnswers) const {
    for (const Channel& channel : channels_) {
        const bool isThere = !channel.isClosed && !channel.isAbandoned && channel.peer != none;
        if (!isThere || channel.hasSaidBye) continue;
        const Channel& peer = channels_[channel.peer];
        if (peer.isClosed || peer.isAbandoned || peer.hasSaidBye) continue;
        if (channel.delivered < channel.posts.size() && !isFullOfAnswers(peer.engine))
            fail("on its way for ever: " + describe(posts_[channel.posts[channel.delivered] - 1]));
    }
}

void Ledger::checkEnd() const {
    for (const Channel& channel : channels_) {
        if (channel.isAbandoned) continue;
        if (!channel.isClosed) fail("no ChannelClosed: " + describe(channel));
        for (const std::uint64_t serial : channel.posts) {
            const Post& post = posts_[serial - 1];
            if (post.isReturned) continue;
            if (post.opCode == OpCode::HelloRequest && !channel.hasHeard && !channel.endedItself)
                fail("an unanswered hello did not come back: " + describe(post));
            if (post.isDelivered) continue;
            if (post.index > channel.firstReturned)
                fail("lost, and what was before it came back: " + describe(post));
            if (channel.isListener) fail("a WelcomeRequest without an answer: " + describe(channel));
            if (!mayLose(channel)) fail("lost: " + describe(post));
        }
    }
    for (const auto& [group, asked] : updates_) {
        const auto gone = isGroupGone_.find(group);
        const auto received = updatesReceived_.find(group);
        if (gone != isGroupGone_.end() && gone->second) continue;
        if (asked != 0 && (received == updatesReceived_.end() || received->second != asked))
            fail("a ReceiverUpdate is missing");
    }
}

Ledger::Counts Ledger::counts() const {
    Counts counts;
    counts.channels = channels_.size();
    for (const Post& post : posts_) {
        if (!post.isPosted) continue;
        ++counts.posted;
        if (post.isDelivered)
            ++counts.delivered;
        else if (post.isReturned)
            ++counts.returned;
        else
            ++counts.lost;
    }
    for (const auto& [group, count] : updatesReceived_)
        counts.updates += count;
    return counts;
}

}  // namespace tempeh::test

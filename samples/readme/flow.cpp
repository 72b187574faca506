#include "snippets.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

using namespace std::chrono_literals;

asio::awaitable<void> streamLines(tempeh::Reactor& reactor, tempeh::ChannelGroup& group,
                                  tempeh::ChannelNumber channel, int count) {
    tempeh::MessageId id = 0;  // the first part gets one, the others carry the same
    for (int line = 1; line <= count; ++line) {
        tempeh::MessagePtr part = reactor.get();
        part->header.channelNumber = channel;
        part->header.messageId = id;
        part->header.more = line < count;  // the last part goes without
        part->body.append("line " + std::to_string(line));

        tempeh::error_code ec;
        tempeh::BinaryHeader header = group.post(std::move(part), ec);
        while (ec == tempeh::Status::SendQueueFull) {  // the message is still ours
            const bool hasRoom = co_await group.waitWritable(channel, 10s);
            if (!hasRoom) throw tempeh::Error(ec);
            header = group.post(std::move(part), ec);
        }
        if (ec) throw tempeh::Error(ec);
        id = header.messageId;
    }
}

// A reading that finds no room is dropped: the next one is newer.
bool report(const flows::Peer& peer, std::string_view reading) {
    tempeh::MessagePtr message = peer.newMessage(tempeh::OpCode::Signal, reading);
    return peer.trySend(std::move(message));
}

asio::awaitable<void> echoBursts(tempeh::ChannelGroup& group) {
    tempeh::MessageQueue burst;  // owns its messages; queueing never allocates
    tempeh::MessageQueue answers;
    for (;;) {
        tempeh::MessagePtr first = co_await group.waitReceive();
        burst.pushBack(std::move(first));
        burst.append(group.tryReceiveAll());  // what else has arrived
        while (tempeh::MessagePtr message = burst.popFront()) {
            if (message->status() == tempeh::Status::ReceiverUpdate) co_return;
            if (message->header.opCode != tempeh::OpCode::Request) continue;
            message->header.opCode = tempeh::OpCode::Response;
            answers.pushBack(std::move(message));
        }
        tempeh::error_code ec;
        group.postAll(answers, ec);  // what cannot be posted, and what is behind it, stays in the queue
        if (ec) answers.clear();
    }
}

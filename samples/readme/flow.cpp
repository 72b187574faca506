#include "snippets.hpp"

#include <chrono>
#include <string>
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

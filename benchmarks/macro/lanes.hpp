#pragma once

#include "driver.hpp"

#include <tempeh/tempeh.hpp>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace bench::own {

/// What both clients share: which channel is which lane, and how messages are filled and read.
class Lanes {
public:
    Lanes(const Options& options, tempeh::Reactor& reactor)
        : options_(options), reactor_(reactor), laneOf_(65'536) {}

    tempeh::MessagePtr hello() {
        tempeh::MessagePtr message = reactor_.get();
        if (options_.address.uds)
            tempeh::UdsClientAddress{options_.address.path}.format(*message);
        else if (options_.address.mem)
            tempeh::MemClientAddress{options_.address.path}.format(*message);
        else
            tempeh::TcpClientAddress{options_.address.host, options_.address.port}.format(*message);
        return message;
    }
    void opened(tempeh::ChannelNumber channel, std::uint32_t lane) {
        laneOf_[channel] = lane;
        channels_.resize(std::max<std::size_t>(channels_.size(), lane + 1U));
        channels_[lane] = channel;
    }
    std::uint32_t laneOf(const tempeh::Message& message) const {
        return laneOf_[message.header.channelNumber];
    }
    tempeh::ChannelNumber channelOf(std::uint32_t lane) const { return channels_[lane]; }

    /// A message of the lane; `fill(std::byte*)` writes the body.
    template <typename Fill>
    tempeh::MessagePtr make(std::uint32_t lane, tempeh::OpCode opCode, Fill&& fill) {
        tempeh::MessagePtr message = reactor_.get();
        message->header.channelNumber = channels_[lane];
        refill(*message, opCode, std::forward<Fill>(fill));
        return message;
    }
    template <typename Fill>
    void refill(tempeh::Message& message, tempeh::OpCode opCode, Fill&& fill) {
        message.header.opCode = opCode;
        message.header.messageId = 0;
        message.body.clear();
        fill(message.body.prepare(options_.size).data());
        message.body.commit(options_.size);
    }

    /// Some messages of a stream on the first lane, few enough to stay in the cache until they are posted;
    /// false when there are no more.
    bool fillBatch(tempeh::MessageQueue& messages, Driver& driver) {
        constexpr std::size_t batchBytes = 16 * 1024;
        constexpr std::size_t beside = 100;  // the message around a body
        for (std::size_t bytes = 0; bytes < batchBytes && driver.mayStart(); bytes += options_.size + beside)
            messages.pushBack(make(0, tempeh::OpCode::Signal, [&](std::byte* to) { driver.next(0, to); }));
        return !messages.empty();
    }

    /// True for an answer; hellos pass, anything else ends the program.
    static bool isAnswer(const tempeh::Message& message) {
        if (message.isFromEngine()) {
            if (closing && (message.isChannelClosed() || message.status() == tempeh::Status::Returned))
                return false;
            fail("channel " + std::to_string(message.header.channelNumber) + ": " +
                 std::string(nameOf(message.status())));
        }
        return message.header.opCode == tempeh::OpCode::Response;
    }
    /// Setup closes channels itself.
    static inline bool closing = false;

private:
    const Options& options_;
    tempeh::Reactor& reactor_;
    std::vector<std::uint32_t> laneOf_;
    std::vector<tempeh::ChannelNumber> channels_;
};

}  // namespace bench::own

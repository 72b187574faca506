#pragma once

#include <tempeh/flows/service.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace tempeh::test {

/// Greets every client and sends back every request as its response, and every signal. A client that sends
/// and does not read is closed when its send queue is full.
class EchoService final : public flows::Service {
public:
    void start(Ampe& /*engine*/, BlockingChannelGroup channels) override {
        channels_.emplace(std::move(channels));
    }

    bool onMessage(MessagePtr& message) override {
        if (message->isFromEngine()) return true;
        BinaryHeader& header = message->header;
        if (header.opCode == OpCode::HelloRequest)
            header.opCode = OpCode::HelloResponse;
        else if (header.opCode == OpCode::Request)
            header.opCode = OpCode::Response;
        else if (header.opCode != OpCode::Signal)
            return true;  // a bye left here is answered by the engine
        error_code ec;
        channels_->post(std::move(message), ec);
        if (!ec) {
            ++echoed_;
        } else if (ec == Status::SendQueueFull) {
            header.opCode = OpCode::ByeSignal;
            header.more = false;
            channels_->post(std::move(message), ec);
        } else {
            message.reset();  // the channel ended; its ChannelClosed follows
        }
        return true;
    }

    void stop() noexcept override { channels_.reset(); }

    /// Messages sent back. The service's thread, or after its end.
    std::uint64_t echoed() const noexcept { return echoed_; }

private:
    std::optional<BlockingChannelGroup> channels_;
    std::uint64_t echoed_ = 0;
};

}  // namespace tempeh::test

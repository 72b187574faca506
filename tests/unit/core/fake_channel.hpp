#pragma once

#include "core/channel/channel.hpp"

namespace tempeh::core {

/// A channel with nothing behind it, not even a group.
class FakeChannel final : public Channel {
public:
    static constexpr QueueLimits limits{.messages = 1000, .bytes = 1'000'000};

    explicit FakeChannel(int& alive, Kind kind = Kind::Io, QueueLimits queueLimits = limits)
        : Channel(nullptr, kind, queueLimits, TimePoint()), alive_(alive) {
        ++alive_;
    }
    ~FakeChannel() override { --alive_; }
    void accept(MessagePtr) override {}
    void end(machines::EndCause, Status, const EndDetail&) noexcept override {}
    void detach() override {}
    void drainForShutdown() override {}
    void closeStream() noexcept override {}
    void abandon() noexcept override {}
    std::string describeBacklog() const override { return {}; }
    void fill(ChannelInfo&) const override {}

private:
    int& alive_;
};

}  // namespace tempeh::core

#include "core/channel.hpp"

#include "core/group.hpp"

#include <ostream>

namespace tempeh::core {

Channel::Channel(Engine& engine, std::shared_ptr<Group> group, Kind kind)
    : engine_(engine)
    , queueLimits_{engine.options().sendQueueMessages, engine.options().sendQueueBytes}
    , kind_(kind)
    , group_(std::move(group))
    , opened_(engine.now()) {}

Channel::~Channel() = default;

void Channel::countCollected() noexcept {
    if (isListener()) return;  // queues nothing
    queuedMessages.fetch_add(door.submitted.size(), std::memory_order_relaxed);
    queuedBytes.fetch_add(door.submittedBytes, std::memory_order_relaxed);
}

bool Channel::looksWritable() const noexcept {
    const std::size_t messages = queuedMessages.load(std::memory_order_relaxed) + door.submitted.size();
    const std::size_t bytes = queuedBytes.load(std::memory_order_relaxed) + door.submittedBytes;
    return isHalfEmpty(messages, bytes);
}

void Channel::fillCommon(ChannelInfo& info) const {
    info.channel = number_;
    info.state = phase.load(std::memory_order_relaxed);
    info.transport = door.transport;
    info.localAddress = door.localAddress;
    info.peerAddress = door.peerAddress;
    info.peerCredentials = door.peerCredentials;
    info.isListener = isListener();
    info.sendQueueMessages = queuedMessages.load(std::memory_order_relaxed) + door.submitted.size();
    info.sendQueueBytes = queuedBytes.load(std::memory_order_relaxed) + door.submittedBytes;
    info.age = age();
    info.stats = counters.snapshot();
    info.stats.returned.add(door.lateStatus, counters.returned.get());
}

Duration Channel::age() const noexcept {
    return engine_.now() - opened_;
}

}  // namespace tempeh::core

namespace tempeh {

std::string_view nameOf(ChannelPhase phase) noexcept {
    switch (phase) {
        case ChannelPhase::Opening:
            return "Opening";
        case ChannelPhase::Listening:
            return "Listening";
        case ChannelPhase::Handshake:
            return "Handshake";
        case ChannelPhase::Ready:
            return "Ready";
        case ChannelPhase::Closing:
            return "Closing";
        case ChannelPhase::Closed:
            return "Closed";
    }
    return "unknown";
}

std::ostream& operator<<(std::ostream& out, ChannelPhase phase) {
    return out << nameOf(phase);
}

std::string_view nameOf(ReadMode mode) noexcept {
    switch (mode) {
        case ReadMode::Normal:
            return "Normal";
        case ReadMode::Paused:
            return "Paused";
        case ReadMode::Urgent:
            return "Urgent";
    }
    return "unknown";
}

std::ostream& operator<<(std::ostream& out, ReadMode mode) {
    return out << nameOf(mode);
}

}  // namespace tempeh

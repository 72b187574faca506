#include "core/channel/channel.hpp"

#include "core/group/group.hpp"

#include <ostream>

namespace tempeh::core {

Channel::Channel(std::shared_ptr<Group> group, Kind kind, QueueLimits limits, TimePoint opened)
    : queueLimits_(limits), kind_(kind), group_(std::move(group)), opened_(opened) {}

Channel::~Channel() = default;

void Channel::fillCommon(ChannelInfo& info, const ChannelSubmissions::Snapshot& posted, TimePoint now) const {
    ChannelAddresses::Data known = addresses.get();
    info.channel = number_;
    info.state = phase.load(std::memory_order_relaxed);
    info.transport = known.transport;
    info.localAddress = std::move(known.local);
    info.peerAddress = std::move(known.peer);
    info.peerCredentials = known.credentials;
    info.peerCertificate = std::move(known.certificate);
    info.isListener = isListener();
    info.readMode = posted.readMode;
    info.sendQueueMessages = posted.messages;
    info.sendQueueBytes = posted.bytes;
    info.age = age(now);
    info.stats = counters.snapshot();
    info.stats.returned.add(posted.lateStatus, counters.returned.get());
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

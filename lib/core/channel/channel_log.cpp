#include "core/channel/channel_log.hpp"

#include <chrono>
#include <cstdint>
#include <new>
#include <optional>
#include <string>

namespace tempeh::core {

void ChannelLog::noteEnd(const Channel& channel, machines::EndCause cause, Status status,
                         const EndDetail& detail, std::size_t returned) const noexcept try {
    const bool isViolation = cause == machines::EndCause::Violation;
    if (!isViolation && !log_.wantsDebug()) return;
    std::string text = "channel " + std::to_string(channel.number()) + " (" + channel.addresses.peer() +
                       ") ended: " + std::string(machines::describe(cause)) + ", " +
                       std::string(nameOf(status));
    if (!detail.empty()) text += ", " + detail.text();
    if (returned != 0)
        text +=
            "; " + std::to_string(returned) + (returned == 1 ? " message returned" : " messages returned");
    // Not a warning: a peer can cause this as often as it likes.
    if (isViolation)
        log_.info(text);
    else
        log_.debug(text);
} catch (const std::bad_alloc&) {
    // The line is dropped.
}

void ChannelLog::warnOfUnansweredHello(const Channel& channel, Duration waited, TimePoint now) noexcept try {
    const std::optional<std::uint64_t> unsaid = unansweredHellos_.pass(now);
    if (!unsaid) return;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(waited).count();
    std::string text = "channel " + std::to_string(channel.number()) + " (" + channel.addresses.peer() +
                       "): the peer left after " + std::to_string(seconds) +
                       " s without an answer to its hello; check that the application receives from this "
                       "channel's group and answers, or calls serve()";
    if (*unsaid != 0) text += " (" + std::to_string(*unsaid) + " more since the last warning)";
    log_.warn(text);
} catch (const std::bad_alloc&) {
    // The line is dropped.
}

}  // namespace tempeh::core

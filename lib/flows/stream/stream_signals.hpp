#pragma once

#include "flows/peer/peer_state.hpp"
#include "flows/stream/stream_window.hpp"

#include <cstdint>
#include <string_view>

namespace tempeh::flows::detail {

/// Sends a signal from a stream's reader to its writer at the other end, now or as soon as there is room.
void tellWriter(const PeerPtr& peer, MessageId stream, std::string_view header, std::uint64_t value) noexcept
    TEMPEH_EXCLUDES(hubLocked);

/// Sends the first of these signals, which says that this end knows windows. Without room, a later read sends
/// it.
void tellFirst(PeerState& peer, MessageId stream, StreamWindow& window) noexcept TEMPEH_REQUIRES(hubLocked);

}  // namespace tempeh::flows::detail

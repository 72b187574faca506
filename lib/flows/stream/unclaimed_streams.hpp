#pragma once

#include "flows/hub/hub_lock.hpp"
#include "flows/stream/stream_window.hpp"

#include <atomic>
#include <cstddef>
#include <optional>
#include <unordered_map>

namespace tempeh::flows::detail {

/// Streams of the peer that have no reader, or none yet. Their parts wait for receive() like any message.
/// Their writers are still told how far receive() is, so that they keep their window from the first part on,
/// however late a reader comes.
class UnclaimedStreams {
public:
    /// A part goes to the inbox. Returns its window if it is new: the writer must then be told. Throws
    /// std::bad_alloc.
    StreamWindow* onPart(const Message& part) TEMPEH_REQUIRES(hubLocked);
    /// A part left the inbox through receive(). Returns its window, if its writer listens.
    StreamWindow* onReceived(const Message& part) noexcept TEMPEH_REQUIRES(hubLocked);
    /// A reader takes the stream over. Returns what was reported so far.
    std::optional<StreamWindow> claim(const Message& part) noexcept TEMPEH_REQUIRES(hubLocked);

    /// Any thread. May be one message behind.
    bool empty() const noexcept { return size_.load(std::memory_order_relaxed) == 0; }

private:
    struct Stream {
        OpCode opCode = OpCode::Request;
        StreamWindow window;
    };
    using Streams = std::unordered_map<MessageId, Stream>;

    /// Beyond this many streams, writers are no longer told, as by a peer that knows no windows.
    static constexpr std::size_t most = 1024;

    Streams::iterator find(const Message& part) noexcept TEMPEH_REQUIRES(hubLocked);
    void erase(Streams::iterator found) noexcept TEMPEH_REQUIRES(hubLocked);

    Streams streams_ TEMPEH_GUARDED_BY(hubLocked);
    std::atomic<std::size_t> size_{0};
};

}  // namespace tempeh::flows::detail

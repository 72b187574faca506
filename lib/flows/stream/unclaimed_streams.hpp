#pragma once

#include "flows/hub/hub_lock.hpp"
#include "flows/stream/stream_window.hpp"

#include <atomic>
#include <cstddef>
#include <optional>
#include <unordered_map>

namespace tempeh::flows::detail {

/// Streams of the other side that no reader was made for, or not yet: their parts wait for receive() like any
/// message. Their writers are told all the same how far receive() is, so that they keep their window from the
/// first part on, however late a reader comes.
class UnclaimedStreams {
public:
    /// A part goes to the inbox. Its window when that is new: the writer is to hear of it. Throws
    /// std::bad_alloc.
    StreamWindow* onPart(const Message& part) TEMPEH_REQUIRES(hubLocked);
    /// A part left the inbox by receive(); its window, if its writer listens.
    StreamWindow* onReceived(const Message& part) noexcept TEMPEH_REQUIRES(hubLocked);
    /// A reader takes the stream over: what was told so far.
    std::optional<StreamWindow> claim(const Message& part) noexcept TEMPEH_REQUIRES(hubLocked);

    /// Any thread; may be one message late.
    bool empty() const noexcept { return size_.load(std::memory_order_relaxed) == 0; }

private:
    struct Stream {
        OpCode opCode = OpCode::Request;
        StreamWindow window;
    };
    using Streams = std::unordered_map<MessageId, Stream>;

    /// Beyond that many at once writers are not told any more, as by a side that knows no windows.
    static constexpr std::size_t most = 1024;

    Streams::iterator find(const Message& part) noexcept TEMPEH_REQUIRES(hubLocked);
    void erase(Streams::iterator found) noexcept TEMPEH_REQUIRES(hubLocked);

    Streams streams_ TEMPEH_GUARDED_BY(hubLocked);
    std::atomic<std::size_t> size_{0};
};

}  // namespace tempeh::flows::detail

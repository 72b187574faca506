#include "flows/stream/unclaimed_streams.hpp"

namespace tempeh::flows::detail {

UnclaimedStreams::Streams::iterator UnclaimedStreams::find(const Message& part) noexcept {
    if (streams_.empty()) return streams_.end();
    const auto found = streams_.find(part.header.messageId);
    return found != streams_.end() && found->second.opCode == part.header.opCode ? found : streams_.end();
}

void UnclaimedStreams::erase(Streams::iterator found) noexcept {
    streams_.erase(found);
    size_.store(streams_.size(), std::memory_order_relaxed);
}

StreamWindow* UnclaimedStreams::onPart(const Message& part) {
    const auto known = find(part);
    if (known != streams_.end()) {
        if (!part.hasMore()) erase(known);  // nothing is left to be paced
        return nullptr;
    }
    if (!part.hasMore() || streams_.size() >= most) return nullptr;
    Stream stream{.opCode = part.header.opCode, .window = {}};
    stream.window.open(part);
    if (!stream.window.isOpen()) return nullptr;
    const auto [added, isNew] = streams_.try_emplace(part.header.messageId, stream);
    size_.store(streams_.size(), std::memory_order_relaxed);
    return isNew ? &added->second.window : nullptr;
}

StreamWindow* UnclaimedStreams::onReceived(const Message& part) noexcept {
    const auto known = find(part);
    if (known == streams_.end()) return nullptr;
    known->second.window.onTaken();
    return &known->second.window;
}

std::optional<StreamWindow> UnclaimedStreams::claim(const Message& part) noexcept {
    const auto known = find(part);
    if (known == streams_.end()) return std::nullopt;
    StreamWindow window = known->second.window;
    erase(known);
    return window;
}

}  // namespace tempeh::flows::detail

#include "flows/peer/time_left.hpp"

#include "flows/peer/peer_operations.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <exception>
#include <iterator>

namespace tempeh::flows::detail {

namespace {

using Milliseconds = std::chrono::milliseconds;

/// Far inside what a Duration holds, whatever a peer writes.
constexpr std::int64_t mostMilliseconds = 1'000'000'000'000;

}  // namespace

void setTimeLeft(Message& request, Duration timeLeft) {
    if (timeLeft == infinite) return request.textHeaders.set(timeLeftHeader, timeUnlimited);
    const std::int64_t left = std::chrono::ceil<Milliseconds>(timeLeft).count();
    char text[24];
    const auto end =
        std::to_chars(std::begin(text), std::end(text), std::clamp<std::int64_t>(left, 1, mostMilliseconds));
    request.textHeaders.set(timeLeftHeader, std::string_view(std::begin(text), end.ptr));
}

std::optional<Duration> timeLeftOf(const Message& request) noexcept {
    if (request.textHeaders.view().empty()) return std::nullopt;
    const std::optional<std::string_view> text = request.textHeaders.find(timeLeftHeader);
    if (!text) return std::nullopt;
    if (*text == timeUnlimited) return infinite;
    std::int64_t left = 0;
    const char* const end = text->data() + text->size();
    const auto read = std::from_chars(text->data(), end, left);
    if (read.ec != std::errc() || read.ptr != end || left < 0) return std::nullopt;
    return Milliseconds(std::min(left, mostMilliseconds));
}

Withdrawal::~Withdrawal() {
    if (isAnswered_ || peer_->isDoomed()) return;
    {
        const HubLock lock(peer_->hub());
        if (peer_->answers.find(request_) != nullptr) return;  // another request that has this id
    }
    try {
        MessagePtr cancel = peer_->hub().newMessage(OpCode::Signal);
        cancel->header.messageId = request_;
        cancel->textHeaders.append(cancelHeader, "1");
        sendSoon(peer_, std::move(cancel));
    } catch (const std::exception&) {
        return;  // the peer then works in vain, until the time it was told
    }
}

MessageId beginTimed(PeerState& peer, const MessagePtr& request, Duration timeLeft) {
    requireRequest(request);
    BinaryHeader& header = request->header;
    if (header.messageId == 0) header.messageId = peer.nextRequestId();
    setTimeLeft(*request, timeLeft);
    return header.messageId;
}

asio::awaitable<MessagePtr> timedRequest(PeerPtr peer, MessagePtr message, Duration timeout,
                                         SignalHandler onSignal) {
    Withdrawal withdrawal(peer, beginTimed(*peer, message, timeout));
    auto answering = request(peer, std::move(message), timeout, std::move(onSignal));
    MessagePtr answer = co_await std::move(answering);
    if (answer != nullptr) withdrawal.setAnswered();
    co_return answer;
}

}  // namespace tempeh::flows::detail

#include "support/tally.hpp"

#include <algorithm>
#include <charconv>
#include <ostream>
#include <sstream>
#include <utility>

namespace tempeh::test {

using flows::Peer;
using flows::StreamReader;
using flows::StreamWriter;

namespace {

constexpr std::size_t numberBytes = 8;
constexpr std::uint64_t maxDownload = 64UL * 1024 * 1024;

std::uint64_t parse(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

void putNumber(Message& message, std::uint64_t number) {
    std::string bytes;
    for (std::size_t i = 0; i < numberBytes; ++i)
        bytes.push_back(static_cast<char>(number >> (8 * (numberBytes - 1 - i))));
    message.body.append(bytes);
}

std::optional<std::uint64_t> numberOf(const Message& message) {
    const std::string_view bytes = message.body.view();
    if (bytes.size() < numberBytes) return std::nullopt;
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < numberBytes; ++i)
        number = number << 8U | static_cast<unsigned char>(bytes[i]);
    return number;
}

std::uint64_t checksum(std::span<const std::byte> bytes, std::uint64_t sum) noexcept {
    for (const std::byte byte : bytes)
        sum = (sum ^ static_cast<std::uint64_t>(byte)) * 1099511628211U;
    return sum;
}

std::string pattern(std::size_t size, std::uint32_t seed) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) {
        seed = seed * 1664525U + 1013904223U;
        byte = static_cast<char>(seed >> 24U);
    }
    return bytes;
}

void Tally::noteRequest(std::uint64_t number) {
    if (number > highest && number - highest >= windowSize) {
        seen.reset();
        highest = number;
    }
    for (; highest < number; ++highest)
        seen.reset((highest + 1) % windowSize);
    if (number + windowSize <= highest || seen.test(number % windowSize)) {
        ++duplicates;
        return;
    }
    seen.set(number % windowSize);
    ++requests;
}

std::ostream& operator<<(std::ostream& out, const Tally& tally) {
    return out << "connections=" << tally.connections << " requests=" << tally.requests
               << " duplicates=" << tally.duplicates << " signals=" << tally.signals
               << " disorder=" << tally.disorder << " streams=" << tally.streams;
}

/// One connection of a client.
struct TallyBook::Visit {
    Peer peer;
    Tally* tally = nullptr;  ///< Null: a client that did not say who it is.
    std::uint64_t lastSignal = 0;
};

asio::awaitable<void> TallyBook::serve(Peer peer) {
    Visit visit{.peer = peer};
    if (const Message* hello = peer.hello(); hello != nullptr) {
        if (const auto name = hello->textHeaders.find(clientHeader)) {
            const std::scoped_lock lock(mutex_);
            visit.tally = &tallies_[std::string(*name)];
            ++visit.tally->connections;
        }
    }
    for (;;) {
        MessagePtr message = co_await peer.receive();
        if (message->header.opCode == OpCode::Request)
            co_await answer(visit, std::move(message));
        else if (message->header.opCode == OpCode::Signal)
            noteSignal(visit, *message);
    }
}

void TallyBook::noteSignal(Visit& visit, const Message& signal) {
    const std::optional<std::uint64_t> number = numberOf(signal);
    if (!number || visit.tally == nullptr) return;
    const std::scoped_lock lock(mutex_);
    ++visit.tally->signals;
    if (*number <= visit.lastSignal) ++visit.tally->disorder;
    visit.lastSignal = std::max(visit.lastSignal, *number);
}

asio::awaitable<void> TallyBook::answer(Visit& visit, MessagePtr request) {
    const Peer& peer = visit.peer;
    const std::string want(request->textHeaders.find(wantHeader).value_or(""));
    const MessageId id = request->header.messageId;
    if (want == wantSum || request->hasMore()) {
        StreamReader reader(peer, std::move(request));
        std::uint64_t sum = sumOfNothing;
        co_await reader.readTo([&sum](std::span<const std::byte> bytes) { sum = checksum(bytes, sum); });
        if (visit.tally != nullptr) {
            const std::scoped_lock lock(mutex_);
            ++visit.tally->streams;
        }
        MessagePtr response = peer.newMessage(OpCode::Response, std::to_string(sum));
        response->header.messageId = id;
        co_await peer.send(std::move(response));
    } else if (want == wantDownload) {
        const std::uint64_t size = std::min(parse(request->body.view()), maxDownload);
        const std::string bytes = pattern(static_cast<std::size_t>(size));
        StreamWriter writer(peer, id);
        co_await writer.write(bytes);
        co_await writer.finish();
    } else if (want == wantTally) {
        std::ostringstream line;
        if (visit.tally != nullptr) {
            const std::scoped_lock lock(mutex_);
            line << *visit.tally;
        }
        const std::string text = line.str();
        co_await peer.respond(std::move(request), text);
    } else {
        const std::optional<std::uint64_t> number = numberOf(*request);
        if (number && visit.tally != nullptr) {
            const std::scoped_lock lock(mutex_);
            visit.tally->noteRequest(*number);
        }
        co_await peer.respond(std::move(request));
    }
}

Tally TallyBook::of(const std::string& client) const {
    const std::scoped_lock lock(mutex_);
    const auto found = tallies_.find(client);
    return found == tallies_.end() ? Tally() : found->second;
}

std::map<std::string, Tally> TallyBook::all() const {
    const std::scoped_lock lock(mutex_);
    return tallies_;
}

}  // namespace tempeh::test

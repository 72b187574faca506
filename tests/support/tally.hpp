#pragma once

#include <tempeh/flows.hpp>

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Accounting from both ends: clients number what they send, a server notes each number it sees. Used where
/// connections are cut, so that "nothing lost, nothing twice" can be added up afterwards.
namespace tempeh::test {

/// Text header of a hello: which client it is, over all its connections.
inline constexpr std::string_view clientHeader = "client";
/// Text header of a request: what is wanted other than an echo.
inline constexpr std::string_view wantHeader = "want";
inline constexpr std::string_view wantSum = "sum";  ///< The checksum of a stream.
inline constexpr std::string_view wantDownload =
    "download";                                         ///< A pattern of as many bytes as the body says.
inline constexpr std::string_view wantTally = "tally";  ///< One line of what was seen of this client.

/// The number a body begins with.
void putNumber(Message& message, std::uint64_t number);
std::optional<std::uint64_t> numberOf(const Message& message);

/// FNV-1a, continued from `sum`.
inline constexpr std::uint64_t sumOfNothing = 14695981039346656037U;
std::uint64_t checksum(std::span<const std::byte> bytes, std::uint64_t sum = sumOfNothing) noexcept;
inline std::uint64_t checksum(std::string_view text, std::uint64_t sum = sumOfNothing) noexcept {
    return checksum(std::as_bytes(std::span(text.data(), text.size())), sum);
}

/// `size` bytes that differ from place to place and from seed to seed.
std::string pattern(std::size_t size, std::uint32_t seed = 1);

/// What was seen of one client. Numbers begin at 1; of requests, those within some 65,000 of the highest are
/// told apart.
struct Tally {
    static constexpr std::size_t windowSize = 1UL << 16U;

    std::uint64_t connections = 0;
    std::uint64_t requests = 0;  ///< Different ones.
    std::uint64_t duplicates = 0;
    std::uint64_t signals = 0;
    std::uint64_t disorder = 0;  ///< Signals that came behind one with a higher number, on one connection.
    std::uint64_t streams = 0;
    std::uint64_t highest = 0;
    std::bitset<windowSize> seen = {};

    void noteRequest(std::uint64_t number);
};

std::ostream& operator<<(std::ostream& out, const Tally& tally);

/// The tallies of a server, by client. Any thread.
class TallyBook {
public:
    /// Serves one client: echoes requests, notes their numbers and those of signals, takes and gives streams.
    asio::awaitable<void> serve(flows::Peer peer);

    Tally of(const std::string& client) const;
    std::map<std::string, Tally> all() const;

private:
    struct Visit;

    asio::awaitable<void> answer(Visit& visit, MessagePtr request);
    void noteSignal(Visit& visit, const Message& signal);

    mutable std::mutex mutex_;
    std::map<std::string, Tally> tallies_;
};

}  // namespace tempeh::test

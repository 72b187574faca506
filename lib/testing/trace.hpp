#pragma once

#include <tempeh/core/asio.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tempeh::testing::detail {

/// An event on the simulated network.
enum class TraceEvent : std::uint8_t {
    Connect,
    Connected,
    ConnectFailed,
    Listen,
    Accept,
    AcceptFailed,
    Write,
    Blocked,
    Arrive,
    Read,
    End,
    Close,
    Reset,
    Silence,
    Partition,
    Heal,
    Start,
    Crash,
    Suspend,
    Resume,
    Timer,
    Note,  // must be last
};

/// Condenses all events into one number and keeps the most recent ones as text. Two runs are identical if
/// their numbers are equal.
class Trace {
public:
    explicit Trace(const TimePoint& now) noexcept : now_(now) {}

    void add(TraceEvent event, std::uint64_t whom, std::uint64_t what = 0) noexcept;
    /// Includes the bytes that were carried.
    void addBytes(TraceEvent event, std::uint64_t whom, std::span<const std::byte> bytes) noexcept;
    void addNote(std::string_view text);

    std::uint64_t hash() const noexcept { return hash_; }
    std::uint64_t events() const noexcept { return events_; }
    /// The last lines, oldest first.
    std::string tail(std::size_t lines) const;

private:
    static constexpr std::size_t kept = 4096;
    struct Entry {
        TimePoint when;
        TraceEvent event = TraceEvent::Note;
        std::uint64_t whom = 0;
        std::uint64_t what = 0;
        std::string text;
    };

    void mix(std::uint64_t value) noexcept;
    Entry& record(TraceEvent event, std::uint64_t whom, std::uint64_t what) noexcept;

    const TimePoint& now_;
    std::uint64_t hash_ = 0xcbf2'9ce4'8422'2325U;
    std::uint64_t events_ = 0;
    std::vector<Entry> entries_ = std::vector<Entry>(kept);
};

}  // namespace tempeh::testing::detail

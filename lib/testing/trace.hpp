#pragma once

#include <tempeh/core/asio.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tempeh::testing::detail {

/// What happened on the simulated network.
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
    Note,  // the last
};

/// Everything that happened as one number, and the last of it in words. Two runs are the same if their
/// numbers are.
class Trace {
public:
    explicit Trace(const TimePoint& now) noexcept : now_(now) {}

    void add(TraceEvent event, std::uint64_t whom, std::uint64_t what = 0) noexcept;
    /// With what was carried.
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

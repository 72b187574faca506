#include "testing/trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>

namespace tempeh::testing::detail {

namespace {

std::string_view nameOf(TraceEvent event) noexcept {
    constexpr std::string_view names[] = {"connect",       "connected", "connect failed", "listen",  "accept",
                                          "accept failed", "write",     "blocked",        "arrive",  "read",
                                          "end",           "close",     "reset",          "silence", "cut",
                                          "heal",          "start",     "crash",          "suspend", "resume",
                                          "timer",         "note"};
    static_assert(std::size(names) == static_cast<std::size_t>(TraceEvent::Note) + 1);
    return names[static_cast<std::size_t>(event)];
}

std::uint64_t hashOf(std::span<const std::byte> bytes) noexcept {
    std::uint64_t hash = bytes.size();
    while (!bytes.empty()) {
        std::uint64_t word = 0;
        const std::size_t size = std::min(bytes.size(), sizeof word);
        std::memcpy(&word, bytes.data(), size);
        hash = (std::rotl(hash, 23) ^ word) * 0x9e37'79b9'7f4a'7c15U;
        bytes = bytes.subspan(size);
    }
    return hash;
}

}  // namespace

void Trace::mix(std::uint64_t value) noexcept {
    hash_ = (std::rotl(hash_, 27) ^ value) * 0x9e37'79b9'7f4a'7c15U;
}

Trace::Entry& Trace::record(TraceEvent event, std::uint64_t whom, std::uint64_t what) noexcept {
    Entry& entry = entries_[events_++ % kept];
    entry.when = now_;
    entry.event = event;
    entry.whom = whom;
    entry.what = what;
    entry.text.clear();
    mix(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
    mix(static_cast<std::uint64_t>(event) << 56U ^ whom);
    mix(what);
    return entry;
}

void Trace::add(TraceEvent event, std::uint64_t whom, std::uint64_t what) noexcept {
    record(event, whom, what);
}

void Trace::addBytes(TraceEvent event, std::uint64_t whom, std::span<const std::byte> bytes) noexcept {
    record(event, whom, bytes.size());
    mix(hashOf(bytes));
}

void Trace::addNote(std::string_view text) {
    record(TraceEvent::Note, 0, text.size()).text = text;
    mix(hashOf(std::as_bytes(std::span(text))));
}

std::string Trace::tail(std::size_t lines) const {
    std::string text;
    const std::uint64_t count = std::min<std::uint64_t>({lines, kept, events_});
    for (std::uint64_t i = events_ - count; i < events_; ++i) {
        const Entry& entry = entries_[i % kept];
        const auto micros =
            std::chrono::duration_cast<std::chrono::microseconds>(entry.when.time_since_epoch());
        text += fmt::format("{:>12} us  {}", micros.count(), nameOf(entry.event));
        text += entry.event == TraceEvent::Note ? " " + entry.text
                                                : fmt::format(" {} {}", entry.whom, entry.what);
        text += '\n';
    }
    return text;
}

}  // namespace tempeh::testing::detail

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace bench {

/// A wrong answer ends the program: a benchmark that loses or mangles messages has no result.
[[noreturn]] inline void fail(const std::string& reason) {
    std::fflush(stdout);
    std::fprintf(stderr, "check failed: %s\n", reason.c_str());
    std::_Exit(3);
}

/// The first 8 bytes of every body: flags, the connection it belongs to, its place in that connection's
/// order.
struct Tag {
    static constexpr std::uint64_t kLast = 1ULL
                                           << 63;  ///< end of the run: the server answers with its Summary
    static constexpr std::uint64_t kProbe = 1ULL << 62;  ///< opens a connection, echoed and never counted
    static constexpr unsigned kLaneShift = 40;
    static constexpr std::uint64_t kLaneMask = (1ULL << 22) - 1;
    static constexpr std::uint64_t kSequenceMask = (1ULL << kLaneShift) - 1;

    std::uint64_t value = 0;

    static Tag make(std::uint32_t lane, std::uint64_t sequence, std::uint64_t flags = 0) {
        return {flags | (std::uint64_t{lane} << kLaneShift) | sequence};
    }
    std::uint32_t lane() const { return static_cast<std::uint32_t>((value >> kLaneShift) & kLaneMask); }
    std::uint64_t sequence() const { return value & kSequenceMask; }
    bool isLast() const { return (value & kLast) != 0; }
    bool isProbe() const { return (value & kProbe) != 0; }
};

inline std::uint64_t loadWord(const std::byte* from) {
    std::uint64_t word;
    std::memcpy(&word, from, sizeof word);
    return word;
}

inline void storeWord(std::byte* to, std::uint64_t word) {
    std::memcpy(to, &word, sizeof word);
}

/// The last 8 bytes of every body depend on the tag and the length, so a mixed-up or cut body shows.
inline std::uint64_t stampOf(Tag tag, std::size_t size) {
    return (tag.value ^ (size << 20)) * 0x9E3779B97F4A7C15ULL;
}

/// Writes tag and stamp; the bytes between are left as they are.
inline void writeContent(std::byte* body, std::size_t size, Tag tag) {
    storeWord(body, tag.value);
    storeWord(body + size - 8, stampOf(tag, size));
}

/// Checks length and stamp and returns the tag.
inline Tag readContent(const std::byte* body, std::size_t size, std::size_t expectedSize) {
    if (size != expectedSize) [[unlikely]] {
        fail("a body of " + std::to_string(size) + " bytes instead of " + std::to_string(expectedSize));
    }
    const Tag tag{loadWord(body)};
    if (loadWord(body + size - 8) != stampOf(tag, size)) [[unlikely]] {
        fail("stamp mismatch at sequence " + std::to_string(tag.sequence()));
    }
    return tag;
}

/// What the server measured, sent to the client as the answer to the last message.
struct Summary {
    std::uint64_t messages = 0;
    std::uint64_t elapsedNs = 0;    ///< from the first to the last message received
    std::uint64_t cpuNs = 0;        ///< user + system over the same time
    std::uint64_t memoryBytes = 0;  ///< growth of anonymous memory since the server was ready
};
inline constexpr std::size_t kSummarySize = sizeof(Summary);

}  // namespace bench

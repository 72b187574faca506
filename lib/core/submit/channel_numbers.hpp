#pragma once

#include "base/random.hpp"

#include <tempeh/message/op_code.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace tempeh::core {

/// Allocates an engine's channel numbers: random, unique, and never one of the last 1024 released
/// (docs/concepts/lifecycle.md), so that a late message never reaches a new channel. Not thread-safe. About
/// 18 KB in size; allocates no memory.
class ChannelNumbers {
public:
    static constexpr ChannelNumber lowest = 1;
    static constexpr ChannelNumber highest = 65'534;
    static constexpr std::size_t count = highest - lowest + 1U;
    static constexpr std::size_t restingCount = 1024;

    /// `maxChannels`: limits how many are in use at once; values above `count` mean `count`.
    explicit ChannelNumbers(std::uint64_t seed, std::size_t maxChannels = count) noexcept;

    /// A number that is not in use; empty when maxChannels are in use or all other numbers are resting.
    /// Usually one bit test, at worst one pass over 8 KB.
    std::optional<ChannelNumber> allocate() noexcept;

    /// Releases the number of a closed channel; it rests until 1024 others were released. False: it was not
    /// in use, and the call is ignored.
    bool release(ChannelNumber number) noexcept;

    bool isInUse(ChannelNumber number) const noexcept { return used_.has(number); }
    std::size_t inUse() const noexcept { return inUse_; }
    std::size_t maxChannels() const noexcept { return maxChannels_; }

private:
    class Bitmap {
    public:
        bool has(ChannelNumber number) const noexcept {
            return ((words_[number / 64U] >> (number % 64U)) & 1U) != 0;
        }
        void add(ChannelNumber number) noexcept {
            words_[number / 64U] |= std::uint64_t{1} << (number % 64U);
        }
        void remove(ChannelNumber number) noexcept {
            words_[number / 64U] &= ~(std::uint64_t{1} << (number % 64U));
        }
        /// The first absent number from `start` upwards, wrapping around.
        std::optional<ChannelNumber> firstAbsent(ChannelNumber start) const noexcept;

    private:
        static constexpr std::size_t wordCount = 65'536 / 64;
        std::array<std::uint64_t, wordCount> words_{};
    };

    void rest(ChannelNumber number) noexcept;

    Bitmap used_;
    Bitmap taken_;  // used or resting, and the two values that are no channel numbers
    std::array<ChannelNumber, restingCount> resting_{};  // ring of the last released; 0: not filled yet
    std::size_t oldest_ = 0;                             // index of the number that has rested longest
    std::size_t inUse_ = 0;
    std::size_t maxChannels_;
    base::Random random_;
};

}  // namespace tempeh::core

#pragma once

#include <cstdint>

namespace tempeh::base {

/// Small seeded generator (SplitMix64): 8 bytes, a few instructions a number, any seed is good. Use it for
/// spreading and jitter, never for secrets. One thread at a time.
class Random {
public:
    explicit constexpr Random(std::uint64_t seed) noexcept : state_(seed) {}

    /// 64 evenly distributed bits.
    constexpr std::uint64_t next() noexcept {
        state_ += 0x9e37'79b9'7f4a'7c15U;  // 2^64 / golden ratio: visits every state once
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30U)) * 0xbf58'476d'1ce4'e5b9U;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94d0'49bb'1331'11ebU;
        return mixed ^ (mixed >> 31U);
    }

    /// 0 to limit - 1; 0 when limit is 0. Scales instead of dividing: uneven by at most limit / 2^32.
    constexpr std::uint32_t below(std::uint32_t limit) noexcept {
        return static_cast<std::uint32_t>(((next() >> 32U) * limit) >> 32U);
    }

private:
    std::uint64_t state_;
};

}  // namespace tempeh::base

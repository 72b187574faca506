#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace tempeh::machines {

/// A token bucket: so many things per second on average, as many at once. It keeps no tokens but the moment
/// at which the bucket will be full again. Times count from any fixed moment, are not negative, and are the
/// caller's.
class TokenBucket {
public:
    using Time = std::chrono::nanoseconds;

    /// How fast it fills. 0 per second: without a limit.
    struct Rate {
        explicit Rate(std::size_t perSecond) noexcept
            : interval(perSecond != 0 ? Time(std::chrono::seconds(1)) / static_cast<std::int64_t>(perSecond)
                                      : Time::zero()) {}
        Time interval;  ///< From one token to the next.
        bool isLimited() const noexcept { return interval > Time::zero(); }
    };

    /// When the next token can be taken: `now`, or later.
    Time nextAt(const Rate& rate, Time now) const noexcept {
        const Time room = std::chrono::seconds(1) - rate.interval;
        return std::max(now, fullAt_ - room);
    }
    /// Takes a token if there is one.
    bool take(const Rate& rate, Time now) noexcept {
        if (!rate.isLimited()) return true;
        if (nextAt(rate, now) > now) return false;
        fullAt_ = std::max(fullAt_, now) + rate.interval;
        return true;
    }
    /// It is as good as new.
    bool isFull(Time now) const noexcept { return fullAt_ <= now; }

private:
    Time fullAt_ = Time::zero();
};

/// A token bucket for each peer, in bounded memory. Beyond `most` peers that connected within the last
/// second, all further ones share one bucket.
class PeerRates {
public:
    static constexpr std::size_t most = 4096;

    explicit PeerRates(std::size_t perSecond) noexcept : rate_(perSecond) {}

    bool isLimited() const noexcept { return rate_.isLimited(); }
    /// False: this one is one too many. Throws std::bad_alloc.
    bool take(std::string_view peer, TokenBucket::Time now);

private:
    const TokenBucket::Rate rate_;
    std::map<std::string, TokenBucket, std::less<>> peers_;
    TokenBucket others_;
};

}  // namespace tempeh::machines

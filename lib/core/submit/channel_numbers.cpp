#include "core/submit/channel_numbers.hpp"

#include <algorithm>
#include <bit>

namespace tempeh::core {

ChannelNumbers::ChannelNumbers(std::uint64_t seed, std::size_t maxChannels) noexcept
    : maxChannels_(std::min(maxChannels, count)), random_(seed) {
    taken_.add(0);
    taken_.add(highest + 1);
}

std::optional<ChannelNumber> ChannelNumbers::allocate() noexcept {
    if (inUse_ >= maxChannels_) return std::nullopt;
    const auto start = static_cast<ChannelNumber>(lowest + random_.below(count));
    const std::optional<ChannelNumber> number = taken_.firstAbsent(start);
    if (!number) return std::nullopt;
    taken_.add(*number);
    used_.add(*number);
    ++inUse_;
    return number;
}

bool ChannelNumbers::release(ChannelNumber number) noexcept {
    if (!used_.has(number)) return false;
    used_.remove(number);
    --inUse_;
    rest(number);
    return true;
}

void ChannelNumbers::rest(ChannelNumber number) noexcept {
    ChannelNumber& place = resting_[oldest_];
    if (place != 0) taken_.remove(place);
    place = number;
    oldest_ = (oldest_ + 1) % restingCount;
}

std::optional<ChannelNumber> ChannelNumbers::Bitmap::firstAbsent(ChannelNumber start) const noexcept {
    const std::size_t first = start / 64U;
    // The word of `start` is checked twice: first its bits from `start` up, at the end all of it.
    std::uint64_t absent = ~words_[first] & (~std::uint64_t{0} << (start % 64U));
    for (std::size_t step = 0;; ++step) {
        const std::size_t word = (first + step) % wordCount;
        if (step != 0) absent = ~words_[word];
        if (absent != 0)
            return static_cast<ChannelNumber>(word * 64U +
                                              static_cast<std::size_t>(std::countr_zero(absent)));
        if (step == wordCount) return std::nullopt;
    }
}

}  // namespace tempeh::core

#include "flows/link/retry_tokens.hpp"

#include <algorithm>
#include <cmath>

namespace tempeh::flows::detail {

namespace {

constexpr std::uint64_t wholeToken = 1000;

}  // namespace

RetryTokens::RetryTokens(std::uint32_t tokens, double perAnswer) noexcept
    : most_(tokens * wholeToken)
    , perAnswer_(static_cast<std::uint64_t>(std::llround(perAnswer * static_cast<double>(wholeToken))))
    , left_(most_) {}

bool RetryTokens::take() noexcept {
    if (most_ == 0) return true;
    if (left_ < wholeToken) return false;
    left_ -= wholeToken;
    return true;
}

void RetryTokens::onAnswer() noexcept {
    left_ = std::min(left_ + perAnswer_, most_);
}

}  // namespace tempeh::flows::detail

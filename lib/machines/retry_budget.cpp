#include "machines/retry_budget.hpp"

#include <algorithm>

namespace tempeh::machines {

namespace {

constexpr std::uint64_t token = 1000;

}  // namespace

RetryBudget::RetryBudget(std::uint32_t tokens, double perAnswer) noexcept
    : most_(tokens * token)
    , perAnswer_(static_cast<std::uint64_t>(perAnswer * static_cast<double>(token) + 0.5))
    , left_(most_) {}

bool RetryBudget::take() noexcept {
    if (most_ == 0) return true;
    if (left_ < token) return false;
    left_ -= token;
    return true;
}

void RetryBudget::onAnswer() noexcept {
    left_ = std::min(left_ + perAnswer_, most_);
}

}  // namespace tempeh::machines

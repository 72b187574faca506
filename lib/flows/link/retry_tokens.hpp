#pragma once

#include <cstdint>

namespace tempeh::flows::detail {

/// What a RetryBudget has left. Decides whether a request may be sent again: each time costs a token, each
/// answer gives a part of one back. So sending again stays a fixed share of what is answered, and ends when
/// nothing is answered. It has no clock and no lock.
class RetryTokens {
public:
    /// Full at the start. No tokens: without a limit.
    RetryTokens(std::uint32_t tokens, double perAnswer) noexcept;

    /// Takes a token if there is a whole one.
    bool take() noexcept;
    void onAnswer() noexcept;

private:
    std::uint64_t most_;  // all in thousandths of a token, so that ten tenths are one
    std::uint64_t perAnswer_;
    std::uint64_t left_;
};

}  // namespace tempeh::flows::detail

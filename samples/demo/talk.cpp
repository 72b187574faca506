#include "talk.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <stdexcept>

namespace demo {

void capitalise(tempeh::Body& body) noexcept {
    for (std::byte& byte : body.bytes())
        if (byte >= std::byte{'a'} && byte <= std::byte{'z'}) byte ^= std::byte{0x20};
}

// --- Report ---

void Report::write(tempeh::Message& message) const {
    message.textHeaders.set("checked", fmt::format("{}", checked));
    message.textHeaders.set("p50", fmt::format("{:.3f}", p50));
    message.textHeaders.set("p99", fmt::format("{:.3f}", p99));
    message.textHeaders.set("bar", fmt::format("{}", fmt::join(bar, " ")));
}

namespace {

/// Takes the first number off `text`; what a peer sends is checked, always.
template <typename Number>
Number takeNumber(std::string_view& text) {
    Number number{};
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (ec != std::errc()) throw std::runtime_error(fmt::format("a report has no number in '{}'", text));
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with(' ')) text.remove_prefix(1);
    return number;
}

template <typename Number>
Number numberIn(const tempeh::Message& message, std::string_view name) {
    std::string_view text = message.textHeaders.find(name).value_or("");
    return takeNumber<Number>(text);
}

}  // namespace

Report Report::read(const tempeh::Message& message) {
    Report report;
    report.checked = numberIn<std::uint64_t>(message, "checked");
    report.p50 = numberIn<double>(message, "p50");
    report.p99 = numberIn<double>(message, "p99");
    std::string_view bar = message.textHeaders.find("bar").value_or("");
    for (std::uint64_t& count : report.bar)
        count = takeNumber<std::uint64_t>(bar);
    return report;
}

// --- Lines ---

namespace {

constexpr std::size_t differentLines = 997;  // prime, so that no burst meets the same lines each time

}  // namespace

Lines::Lines(std::size_t length) : length_(length) {
    std::uint32_t state = 7;
    for (std::size_t i = 0; i < length + differentLines; ++i) {
        state = state * 1'664'525U + 1'013'904'223U;  // a linear congruence is random enough for letters
        const auto letter = static_cast<char>((state >> 16) % 26);
        small_ += static_cast<char>('a' + letter);
        capital_ += static_cast<char>('A' + letter);
    }
}

std::string_view Lines::part(const std::string& text, std::uint64_t number) const noexcept {
    return std::string_view(text).substr(number % differentLines, length_);
}

}  // namespace demo

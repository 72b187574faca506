#pragma once

#include <tempeh/base/export.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

/// Checks for the fields of options structs. Each throws Error(InvalidOption), whose text names the field,
/// its value and the permitted range: `Options::maxPoolMessages = 0, must be 1 to 16,777,216`.
namespace tempeh::detail {

using OptionDuration = std::chrono::steady_clock::duration;

TEMPEH_EXPORT void requireOption(bool isInRange, std::string_view field, const std::string& value,
                                 std::string_view range);

inline void requireCount(std::size_t value, std::size_t least, std::size_t most, std::string_view field,
                         std::string_view range) {
    requireOption(value >= least && value <= most, field, std::to_string(value), range);
}

/// Requires `value` to be at least `least`.
TEMPEH_EXPORT void requireTime(OptionDuration value, OptionDuration least, std::string_view field,
                               std::string_view range);
TEMPEH_EXPORT void requireTime(OptionDuration value, OptionDuration least, OptionDuration most,
                               std::string_view field, std::string_view range);
/// Requires 0 or more.
TEMPEH_EXPORT void requireTime(OptionDuration value, std::string_view field);
/// NaN is in no range.
TEMPEH_EXPORT void requireNumber(double value, double least, double most, std::string_view field,
                                 std::string_view range);

}  // namespace tempeh::detail

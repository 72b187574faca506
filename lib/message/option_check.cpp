#include "message/option_check.hpp"

#include <tempeh/message/status.hpp>

#include <sstream>

namespace tempeh::detail {

namespace {

std::string numberText(double value) {
    std::ostringstream text;
    text << value;
    return text.str();
}

}  // namespace

void requireOption(bool isInRange, std::string_view field, const std::string& value, std::string_view range) {
    if (isInRange) return;
    std::string text(field);
    text.append(" = ").append(value).append(", must be ").append(range);
    throw Error(make_error_code(Status::InvalidOption), text);
}

void requireTime(OptionDuration value, OptionDuration least, std::string_view field, std::string_view range) {
    requireTime(value, least, OptionDuration::max(), field, range);
}

void requireTime(OptionDuration value, OptionDuration least, OptionDuration most, std::string_view field,
                 std::string_view range) {
    if (value >= least && value <= most) return;
    const auto milliseconds = std::chrono::duration<double, std::milli>(value).count();
    requireOption(false, field, numberText(milliseconds) + " ms", range);
}

void requireTime(OptionDuration value, std::string_view field) {
    requireTime(value, OptionDuration::zero(), field, "0 or more");
}

void requireNumber(double value, double least, double most, std::string_view field, std::string_view range) {
    if (!(value >= least && value <= most)) requireOption(false, field, numberText(value), range);
}

}  // namespace tempeh::detail

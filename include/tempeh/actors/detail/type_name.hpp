#pragma once

#include <string_view>

namespace tempeh::actors::detail {

template <typename T>
consteval std::string_view decorated() noexcept {
    return __PRETTY_FUNCTION__;
}

/// The name of a type as a person writes it, known at compile time.
template <typename T>
consteval std::string_view typeName() noexcept {
    constexpr std::string_view sample = decorated<double>();
    constexpr auto before = sample.find("double");
    constexpr auto after = sample.size() - before - std::string_view("double").size();
    // GCC repeats what the alias stands for behind a semicolon.
    constexpr std::string_view text = decorated<T>();
    return text.substr(before, text.size() - before - after);
}

}  // namespace tempeh::actors::detail

#pragma once

// Formatters for fmt, and so for spdlog. Not part of <tempeh/tempeh.hpp>: include it where you need it. All
// take the format specification of a string: fmt::format("{:>16}", message.status()).

#include <tempeh/base/x11_macros.hpp>
#include <tempeh/message/binary_header.hpp>
#include <tempeh/message/message.hpp>
#include <tempeh/message/op_code.hpp>
#include <tempeh/message/status.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace tempeh::detail {

template <class T>
struct NameFormatter : fmt::formatter<fmt::string_view> {
    template <class Context>
    auto format(T value, Context& context) const {
        const std::string_view name = nameOf(value);
        return fmt::formatter<fmt::string_view>::format(fmt::string_view(name.data(), name.size()), context);
    }
};

template <class T>
struct LineFormatter : fmt::formatter<fmt::string_view> {
    template <class Context>
    auto format(const T& value, Context& context) const {
        const std::string line = toString(value);
        return fmt::formatter<fmt::string_view>::format(fmt::string_view(line.data(), line.size()), context);
    }
};

}  // namespace tempeh::detail

template <>
struct fmt::formatter<tempeh::Status> : tempeh::detail::NameFormatter<tempeh::Status> {};
template <>
struct fmt::formatter<tempeh::OpCode> : tempeh::detail::NameFormatter<tempeh::OpCode> {};
template <>
struct fmt::formatter<tempeh::MessageType> : tempeh::detail::NameFormatter<tempeh::MessageType> {};
template <>
struct fmt::formatter<tempeh::MessageRole> : tempeh::detail::NameFormatter<tempeh::MessageRole> {};
template <>
struct fmt::formatter<tempeh::Origin> : tempeh::detail::NameFormatter<tempeh::Origin> {};
template <>
struct fmt::formatter<tempeh::BinaryHeader> : tempeh::detail::LineFormatter<tempeh::BinaryHeader> {};
template <>
struct fmt::formatter<tempeh::Message> : tempeh::detail::LineFormatter<tempeh::Message> {};

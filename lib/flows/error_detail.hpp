#pragma once

#include <tempeh/message/status.hpp>

#include <string>
#include <string_view>

namespace tempeh::flows::detail {

/// Why a thread that waits for the engine gives up.
inline constexpr std::string_view engineIsSilent =
    "the engine's thread does not respond: a handler on it blocks, or nobody runs its context";

/// What an Error says beyond its code, for an Error made of it elsewhere.
inline std::string detailOf(const boost::system::system_error& error) {
    const std::string_view what = error.what();
    const Error plain(error.code());
    const std::string_view common = plain.what();
    if (!what.starts_with(common)) return std::string(what);
    std::string_view rest = what.substr(common.size());
    if (rest.starts_with(": ")) rest.remove_prefix(2);
    return std::string(rest);
}

/// The short form of an Error, as part of another's text: the status and what is special.
inline std::string shortFormOf(const Error& error) {
    if (error.code().category() != statusCategory()) return error.what();
    return std::string(nameOf(error.status())) + ": " + detailOf(error);
}

}  // namespace tempeh::flows::detail

#pragma once

#include <tempeh/message/status.hpp>

#include <boost/asio/error.hpp>

#include <string>
#include <string_view>

namespace tempeh::flows::detail {

/// Why a thread that waits for the engine gives up.
inline constexpr std::string_view engineIsSilent =
    "the engine's thread does not respond: a handler blocks it, or no thread runs its context";

/// What a blocking call on the engine's own thread throws.
inline Error blocksEngine() {
    return {make_error_code(Status::NotAllowed), "a blocking call on the engine's own thread"};
}

/// What a call on an empty handle throws.
inline Error emptyHandle(std::string_view what) {
    return {make_error_code(Status::InvalidChannelNumber),
            std::string("this ").append(what).append(" is empty, as after a move")};
}

/// How a handler, or receiving for one, ends when nothing went wrong.
inline bool isOrdinaryEnd(const error_code& ec) noexcept {
    return ec == Status::ChannelClosed || ec == Status::Returned || ec == Status::ShutdownStarted ||
           ec == boost::asio::error::operation_aborted;
}

/// What an Error says beyond its code, to make another Error of it.
inline std::string detailOf(const boost::system::system_error& error) {
    if (const auto* const ours = dynamic_cast<const Error*>(&error)) return std::string(ours->detail());
    const std::string what = error.what();
    return what.starts_with(error.code().message()) ? std::string() : what;
}

/// Place and cause, as the detail of an Error. Either may be empty.
inline std::string placeAndCause(std::string_view place, std::string_view cause) {
    std::string text(place);
    if (!text.empty() && !cause.empty()) text += ": ";
    return text.append(cause);
}

/// An Error as the cause of another: place and cause.
inline std::string failureOf(const Error& error) {
    const bool hasStatus = error.code().category() == statusCategory();
    return hasStatus && !error.detail().empty() ? std::string(error.detail()) : std::string(error.what());
}

}  // namespace tempeh::flows::detail

#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/base/x11_macros.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace tempeh {

/// What every failing call gives; Status converts to it.
using error_code = boost::system::error_code;

/// Why something failed, or what the engine has to say. Values 0 to 31 are those of the wire
/// (docs/wire.md); from 64 up they are tempeh's own and never cross it. An error-code enum: it converts to
/// `error_code` of statusCategory(), whose message() says what to do about it.
enum class Status : std::uint8_t {
    Success = 0,
    NotImplementedYet = 1,
    WrongAddress = 2,
    NotAllowed = 3,
    NullMessage = 4,
    InvalidMessage = 5,
    InvalidOpCode = 6,
    InvalidHeadersLen = 7,
    InvalidBodyLen = 8,
    InvalidMoreUsage = 9,
    InvalidChannelNumber = 10,
    InvalidChannelGroup = 11,
    InvalidMessageId = 12,
    InvalidAddress = 13,
    UdsPathNotFound = 14,
    NotificationDisabled = 15,
    NotificationFailed = 16,
    PeerDisconnected = 17,
    CommunicationFailed = 18,
    PoolEmpty = 19,
    AllocationFailed = 20,
    ReceiverUpdate = 21,
    ChannelClosed = 22,
    ShutdownStarted = 23,
    ConnectFailed = 24,
    ListenFailed = 25,
    AcceptFailed = 26,
    SendFailed = 27,
    RecvFailed = 28,
    SetsockoptFailed = 29,
    ProcessingFailed = 30,
    UnknownError = 31,
    SendQueueFull = 64,    ///< The channel's send queue is at its limit; see ChannelGroup::waitWritable.
    TooManyChannels = 65,  ///< Options::maxChannels (65,534 at most) are open in this engine.
    Returned = 66,         ///< The message was not sent: this side closed the channel, or had said bye.
    InvalidOption = 67,    ///< A field of an options struct is out of its range; what() names it.
};

namespace detail {

// What everything that has a place for each status is derived from.
inline constexpr std::size_t wireStatusCount = 32;  // 0 to 31
inline constexpr std::size_t firstOwnStatus = 64;
inline constexpr std::size_t ownStatusCount =
    static_cast<std::size_t>(Status::InvalidOption) + 1 - firstOwnStatus;
inline constexpr std::size_t statusCount = wireStatusCount + ownStatusCount;
static_assert(static_cast<std::size_t>(Status::UnknownError) + 1 == wireStatusCount);
static_assert(static_cast<std::size_t>(Status::SendQueueFull) == firstOwnStatus);

/// Whether the value has a name.
constexpr bool isStatus(std::size_t value) noexcept {
    return value < wireStatusCount || (value >= firstOwnStatus && value < firstOwnStatus + ownStatusCount);
}
/// A status's place in a table of statusCount; of a value without a name that of UnknownError.
constexpr std::size_t statusIndex(Status status) noexcept {
    const auto value = static_cast<std::size_t>(status);
    if (!isStatus(value)) return static_cast<std::size_t>(Status::UnknownError);
    return value < wireStatusCount ? value : wireStatusCount + (value - firstOwnStatus);
}
/// The status at a place of such a table.
constexpr Status statusAt(std::size_t index) noexcept {
    return static_cast<Status>(index < wireStatusCount ? index : firstOwnStatus + (index - wireStatusCount));
}

}  // namespace detail

/// The status a raw byte of an engine-made message stands for; what has no name is UnknownError.
constexpr Status statusFromRaw(std::uint8_t raw) noexcept {
    return detail::isStatus(raw) ? static_cast<Status>(raw) : Status::UnknownError;
}

/// The enumerator's name, for example "PeerDisconnected"; "unknown" for a value that has none.
TEMPEH_EXPORT std::string_view nameOf(Status status) noexcept;
/// Writes the name.
TEMPEH_EXPORT std::ostream& operator<<(std::ostream& out, Status status);

/// The category of Status; its message() names the cause and what the reader should do.
TEMPEH_EXPORT const boost::system::error_category& statusCategory() noexcept;

/// Found by argument-dependent lookup when a Status becomes an error_code.
inline error_code make_error_code(Status status) noexcept {
    return {static_cast<int>(status), statusCategory()};
}

/// What the throwing form of every failing call throws. code() is a Status unless an operating-system error
/// caused it. what() is the name of the status, what happened, to whom and why where that is known, and what
/// to do: `ConnectFailed: The connection could not be made: tcp|127.0.0.1|7099: Connection refused; check
/// that the server listens there and is reachable, then try again`.
class TEMPEH_EXPORT Error : public boost::system::system_error {
public:
    /// With the message of the status alone.
    explicit Error(Status status);
    explicit Error(error_code ec);
    /// `detail` says to whom and why: the place or the offending value, then the cause.
    Error(error_code ec, const std::string& detail);
    ~Error() override;

    /// The Status behind code(), UnknownError when code() is of another category.
    Status status() const noexcept;

    /// As long as this lives.
    const char* what() const noexcept override;

    /// The part of what() that is special to this error: to whom, and the cause; empty when there is none. As
    /// long as this lives.
    std::string_view detail() const noexcept;

private:
    std::runtime_error text_;  // copies without throwing
    std::size_t detailStart_;  // of detail() in the text
    std::size_t detailSize_;
};

}  // namespace tempeh

template <>
struct boost::system::is_error_code_enum<tempeh::Status> : std::true_type {};

#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/base/x11_macros.hpp>
#include <tempeh/message/detail/status_table.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace tempeh {

/// The error of every failing call. Status converts to it.
using error_code = boost::system::error_code;

/// Why something failed, or what the engine reports. Values 0 to 31 are those of the wire (docs/wire.md).
/// Values from 64 up are tempeh's own and never cross it. An error-code enum: it converts to an `error_code`
/// of statusCategory(), whose message() says what to do.
enum class Status : std::uint8_t {
#define TEMPEH_STATUS(number, name, reach, text) name = (number),
    TEMPEH_STATUSES(TEMPEH_STATUS)
#undef TEMPEH_STATUS
};

namespace detail {

/// Whether a frame may carry a status.
enum class StatusReach : std::uint8_t { Wire, Local };

struct StatusNumber {
    std::size_t number;
    StatusReach reach;
};
inline constexpr std::array statusNumbers{
#define TEMPEH_STATUS(number, name, reach, text) StatusNumber{number, StatusReach::reach},
    TEMPEH_STATUSES(TEMPEH_STATUS)
#undef TEMPEH_STATUS
};

inline constexpr std::size_t firstOwnStatus = 64;
inline constexpr std::size_t statusCount = statusNumbers.size();
inline constexpr std::size_t wireStatusCount = [] {
    std::size_t count = 0;
    for (const StatusNumber& status : statusNumbers)
        count += status.reach == StatusReach::Wire ? 1U : 0U;
    return count;
}();
inline constexpr std::size_t ownStatusCount = statusCount - wireStatusCount;

/// Whether the value has a name.
constexpr bool isStatus(std::size_t value) noexcept {
    return value < wireStatusCount || (value >= firstOwnStatus && value < firstOwnStatus + ownStatusCount);
}
/// The index of a status in a table of statusCount entries. A value without a name gets that of UnknownError.
constexpr std::size_t statusIndex(Status status) noexcept {
    const auto value = static_cast<std::size_t>(status);
    if (!isStatus(value)) return static_cast<std::size_t>(Status::UnknownError);
    return value < wireStatusCount ? value : wireStatusCount + (value - firstOwnStatus);
}
/// The status at an index of such a table.
constexpr Status statusAt(std::size_t index) noexcept {
    return static_cast<Status>(index < wireStatusCount ? index : firstOwnStatus + (index - wireStatusCount));
}

/// Whether the rows are where statusAt() looks for them: the wire's first, and no gap in either part.
consteval bool areStatusesInOrder() {
    for (std::size_t i = 0; i < statusCount; ++i) {
        const StatusReach reach = i < wireStatusCount ? StatusReach::Wire : StatusReach::Local;
        if (statusNumbers[i].number != static_cast<std::size_t>(statusAt(i)) ||
            statusNumbers[i].reach != reach)
            return false;
    }
    return true;
}
static_assert(areStatusesInOrder(),
              "status_table.hpp: a row is out of order, or a number is left out or used twice");
static_assert(wireStatusCount == 32, "the protocol has 32 statuses");

}  // namespace detail

/// True for a status of the wire; false for one of tempeh's own and for a value without a name.
constexpr bool crossesTheWire(Status status) noexcept {
    return static_cast<std::size_t>(status) < detail::wireStatusCount;
}

namespace detail {

/// The byte with which an application's message tells its peer a status.
template <Status status>
    requires(crossesTheWire(status))
inline constexpr std::uint8_t wireByte = static_cast<std::uint8_t>(status);

}  // namespace detail

/// The status that a raw byte of an engine-made message stands for. A byte without a name is UnknownError.
constexpr Status statusFromRaw(std::uint8_t raw) noexcept {
    return detail::isStatus(raw) ? static_cast<Status>(raw) : Status::UnknownError;
}

/// The enumerator's name, for example "PeerDisconnected"; "unknown" for a value that has none.
TEMPEH_EXPORT std::string_view nameOf(Status status) noexcept;
/// Writes the name.
TEMPEH_EXPORT std::ostream& operator<<(std::ostream& out, Status status);

/// The category of Status. Its message() names the cause and the remedy.
TEMPEH_EXPORT const boost::system::error_category& statusCategory() noexcept;

/// Found by argument-dependent lookup when a Status becomes an error_code.
inline error_code make_error_code(Status status) noexcept {
    return {static_cast<int>(status), statusCategory()};
}

/// Thrown by the throwing form of every failing call. code() is a Status unless an operating-system error
/// caused it. what() has the name of the status, what happened, the address and the cause where they are
/// known, and what to do: `ConnectFailed: The connection could not be made: tcp|127.0.0.1|7099: Connection
/// refused; check that the server listens there and is reachable, then try again`.
class TEMPEH_EXPORT Error : public boost::system::system_error {
public:
    /// With the message of the status alone.
    explicit Error(Status status);
    explicit Error(error_code ec);
    /// `detail` is the place or the offending value, then the cause.
    Error(error_code ec, const std::string& detail);
    ~Error() override;

    /// The Status of code(); UnknownError when code() is of another category.
    Status status() const noexcept;

    /// Valid while this exception lives.
    const char* what() const noexcept override;

    /// The part of what() that is special to this error: the place and the cause. Empty if there is none.
    /// Valid while this exception lives.
    std::string_view detail() const noexcept;

private:
    std::runtime_error text_;  // copies without throwing
    std::size_t detailStart_;  // of detail() in the text
    std::size_t detailSize_;
};

}  // namespace tempeh

template <>
struct boost::system::is_error_code_enum<tempeh::Status> : std::true_type {};

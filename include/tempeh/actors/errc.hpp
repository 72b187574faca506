#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/base/x11_macros.hpp>
#include <tempeh/core/asio.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <cstdint>
#include <iosfwd>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace tempeh::actors {

/// Why a message was not taken, or a question not answered. An error-code enum: it converts to an
/// `error_code` of actorsCategory().
enum class Errc : std::uint8_t {
    Success = 0,
    MailboxFull,    ///< The actor has as many messages waiting as its MailboxOptions allow.
    Stopped,        ///< The actor has ended.
    NotFound,       ///< There is no actor: an empty Ref, or no actor of that name and type.
    Timeout,        ///< No answer, or no room, within the time given.
    HandlerFailed,  ///< The handler threw, or dropped its Responder without an answer.
    Refused,        ///< The handler threw a Refusal.
    Deadlock,       ///< The asker waits, directly or through others, for itself.
    Unreachable,    ///< The actor's node cannot be reached.
    ShuttingDown,   ///< The system is being stopped.
};

/// The enumerator's name; "unknown" for a value that has none.
TEMPEH_ACTORS_EXPORT std::string_view nameOf(Errc errc) noexcept;
TEMPEH_ACTORS_EXPORT std::ostream& operator<<(std::ostream& out, Errc errc);

/// The category of Errc. Its message() says what happened and what to do.
TEMPEH_ACTORS_EXPORT const boost::system::error_category& actorsCategory() noexcept;

/// Found by argument-dependent lookup when an Errc becomes an error_code.
inline error_code make_error_code(Errc errc) noexcept {
    return {static_cast<int>(errc), actorsCategory()};
}

/// Thrown by everything in this namespace that throws. code() is an Errc; what() names it, the actor, the
/// message and the cause.
class TEMPEH_ACTORS_EXPORT Error : public boost::system::system_error {
public:
    /// `detail` is what was special: who, what message, why.
    explicit Error(Errc errc, std::string_view detail = {});
    ~Error() override;

    /// code() as the enumerator.
    Errc errc() const noexcept { return static_cast<Errc>(code().value()); }
    /// Valid while this exception lives.
    const char* what() const noexcept override { return text_.what(); }

private:
    std::runtime_error text_;  // copies without throwing
};

/// A handler throws it to refuse a message: the asker gets Errc::Refused with this text, and the actor lives
/// on. Every other exception is a failure of the actor.
class TEMPEH_ACTORS_EXPORT Refusal : public std::runtime_error {
public:
    /// `reason` is what the asker reads.
    explicit Refusal(const std::string& reason) : std::runtime_error(reason) {}
    ~Refusal() override;
};

}  // namespace tempeh::actors

template <>
struct boost::system::is_error_code_enum<tempeh::actors::Errc> : std::true_type {};

#include <tempeh/message/op_code.hpp>

#include <array>
#include <cstddef>
#include <ostream>

namespace tempeh {

namespace {

template <std::size_t Size>
std::string_view pick(const std::array<std::string_view, Size>& names, std::size_t index) noexcept {
    return index < Size ? names[index] : std::string_view("unknown");
}

}  // namespace

std::string_view nameOf(OpCode opCode) noexcept {
    static constexpr std::array<std::string_view, 10> names{
        "Request",    "Response",    "Signal",    "HelloRequest",   "HelloResponse",
        "ByeRequest", "ByeResponse", "ByeSignal", "WelcomeRequest", "WelcomeResponse"};
    static_assert(isKnown(static_cast<OpCode>(names.size() - 1)) &&
                  !isKnown(static_cast<OpCode>(names.size())));
    return pick(names, static_cast<std::size_t>(opCode));
}

std::string_view nameOf(MessageType type) noexcept {
    static constexpr std::array<std::string_view, 4> names{"Regular", "Hello", "Bye", "Welcome"};
    return pick(names, static_cast<std::size_t>(type));
}

std::string_view nameOf(MessageRole role) noexcept {
    static constexpr std::array<std::string_view, 3> names{"Request", "Response", "Signal"};
    return pick(names, static_cast<std::size_t>(role));
}

std::string_view nameOf(Origin origin) noexcept {
    static constexpr std::array<std::string_view, 2> names{"Application", "Engine"};
    return pick(names, static_cast<std::size_t>(origin));
}

std::ostream& operator<<(std::ostream& out, OpCode opCode) {
    return out << nameOf(opCode);
}
std::ostream& operator<<(std::ostream& out, MessageType type) {
    return out << nameOf(type);
}
std::ostream& operator<<(std::ostream& out, MessageRole role) {
    return out << nameOf(role);
}
std::ostream& operator<<(std::ostream& out, Origin origin) {
    return out << nameOf(origin);
}

}  // namespace tempeh

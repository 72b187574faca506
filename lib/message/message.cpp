#include <tempeh/message/message.hpp>

#include <algorithm>
#include <limits>
#include <ostream>

namespace tempeh {

namespace {

std::uint16_t shownLength(std::size_t size) noexcept {
    return static_cast<std::uint16_t>(std::min<std::size_t>(size, std::numeric_limits<std::uint16_t>::max()));
}

}  // namespace

void detail::deleteMessage(Message* message) noexcept {
    delete message;
}

std::string toString(const Message& message) {
    BinaryHeader header = message.header;
    header.textHeadersLength = shownLength(message.textHeaders.sizeBytes());
    header.bodyLength = shownLength(message.body.size());
    return toString(header);
}

std::ostream& operator<<(std::ostream& out, const Message& message) {
    return out << toString(message);
}

}  // namespace tempeh

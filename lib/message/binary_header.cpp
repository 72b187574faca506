#include <tempeh/message/binary_header.hpp>
#include <tempeh/message/status.hpp>

#include <ostream>
#include <string>

namespace tempeh {

std::string toString(const BinaryHeader& header) {
    std::string line = "channel " + std::to_string(header.channelNumber) + ' ';
    line += nameOf(header.opCode);
    if (!isKnown(header.opCode)) line += '(' + std::to_string(static_cast<unsigned>(header.opCode)) + ')';
    if (header.origin == Origin::Engine) {
        line.append(" engine ").append(nameOf(statusFromRaw(header.status)));
    } else if (header.status != 0) {
        line += " status " + std::to_string(header.status);
    }
    if (header.more) line += " more";
    line += " id " + std::to_string(header.messageId);
    line += " headers " + std::to_string(header.textHeadersLength);
    line += " body " + std::to_string(header.bodyLength);
    return line;
}

std::ostream& operator<<(std::ostream& out, const BinaryHeader& header) {
    return out << toString(header);
}

}  // namespace tempeh

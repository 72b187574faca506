// The 16 bytes of a header, and what is said of opcodes and statuses.

#include "fuzz/support/fuzz_target.hpp"
#include "fuzz/support/input.hpp"

#include <tempeh/message/binary_header.hpp>
#include <tempeh/message/status.hpp>

namespace tempeh::fuzz {
namespace {

void checkBytes(std::span<const std::byte, BinaryHeader::wireSize> bytes, const BinaryHeader& header) {
    constexpr std::byte internalBits{0xc0};
    const BinaryHeader::Bytes again = header.encode();
    for (std::size_t i = 0; i != bytes.size(); ++i)
        FUZZ_CHECK(again[i] == (i == 2 ? bytes[i] & ~internalBits : bytes[i]));
    FUZZ_CHECK(BinaryHeader::decode(again) == header);
}

void checkOpCode(const BinaryHeader& header) {
    const OpCode opCode = header.opCode;
    const auto raw = static_cast<unsigned>(opCode);
    FUZZ_CHECK(raw < 16);
    FUZZ_CHECK(isKnown(opCode) == (raw < 10) && isKnown(opCode) == (nameOf(opCode) != "unknown"));
    FUZZ_CHECK(crossesTheWire(opCode) == (raw < 7));
    FUZZ_CHECK(!isRegular(opCode) || (header.type() == MessageType::Regular && crossesTheWire(opCode)));
    FUZZ_CHECK(nameOf(header.type()) != "unknown" && nameOf(header.role()) != "unknown");
    if (header.isValid()) FUZZ_CHECK(isKnown(opCode) && (!header.more || isRegular(opCode)));
    if (header.isValid() && header.role() == MessageRole::Response && opCode != OpCode::WelcomeResponse)
        FUZZ_CHECK(header.messageId != 0);
}

void checkStatus(const BinaryHeader& header) {
    const Status status = statusFromRaw(header.status);
    const auto raw = static_cast<std::uint8_t>(status);
    FUZZ_CHECK(raw == header.status || status == Status::UnknownError);
    FUZZ_CHECK(statusFromRaw(raw) == status);
    FUZZ_CHECK(nameOf(status) != "unknown");
    if (header.messageId % 64 != 0) return;  // strings are slow
    FUZZ_CHECK(toString(header).starts_with("channel "));
    FUZZ_CHECK(!error_code(status).message().empty());
}

}  // namespace
}  // namespace tempeh::fuzz

TEMPEH_FUZZ_TARGET(binary_header) {
    using tempeh::BinaryHeader;
    while (input.size() >= BinaryHeader::wireSize) {
        const auto bytes = input.first<BinaryHeader::wireSize>();
        const BinaryHeader header = BinaryHeader::decode(bytes);
        tempeh::fuzz::checkBytes(bytes, header);
        tempeh::fuzz::checkOpCode(header);
        tempeh::fuzz::checkStatus(header);
        input = input.subspan(BinaryHeader::wireSize);
    }
}

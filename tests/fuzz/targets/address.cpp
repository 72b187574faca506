// Addresses: what parseAddress() accepts it can write and read again; what an application formats is read
// back as it was or refused. Input: which way, then the texts.

#include "fuzz/support/fuzz_target.hpp"
#include "fuzz/support/input.hpp"
#include "fuzz/support/message_pool.hpp"

#include <tempeh/wire/address.hpp>

#include <algorithm>

namespace tempeh::fuzz {
namespace {

bool isServer(const Address& address) {
    return std::holds_alternative<TcpServerAddress>(address) ||
           std::holds_alternative<UdsServerAddress>(address) ||
           std::holds_alternative<CustomServerAddress>(address);
}

void checkParsed(const Address& address) {
    if (const auto* tcp = std::get_if<TcpClientAddress>(&address))
        FUZZ_CHECK(!tcp->host.empty() && tcp->host.size() <= wire::maxHost && tcp->port != 0);
    if (const auto* tcp = std::get_if<TcpServerAddress>(&address))
        FUZZ_CHECK(tcp->host.size() <= wire::maxHost);
    if (const auto* uds = std::get_if<UdsClientAddress>(&address))
        FUZZ_CHECK(!uds->path.empty() && uds->path.size() <= wire::maxUdsPath);
    if (const auto* uds = std::get_if<UdsServerAddress>(&address))
        FUZZ_CHECK(uds->path.size() <= wire::maxUdsPath && uds->mode.value_or(0) <= 07777);
    if (const auto* custom = std::get_if<CustomClientAddress>(&address)) FUZZ_CHECK(!custom->place.empty());
    for (const char c : toString(address))
        FUZZ_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

/// Read, written and read again.
void checkRoundTrip(const Address& address) {
    const MessagePtr message = newMessage();
    message->header.messageId = 7;
    message->textHeaders.append("other", "stays");
    message->textHeaders.append(isServer(address) ? wire::connectToHeader : wire::listenOnHeader,
                                "tcp|goes|1");
    format(address, *message);
    FUZZ_CHECK(message->header.opCode == (isServer(address) ? OpCode::WelcomeRequest : OpCode::HelloRequest));
    FUZZ_CHECK(message->header.messageId == 7 && message->textHeaders.find("other") == "stays");
    error_code ec;
    const Address again = parseAddress(*message, ec);
    FUZZ_CHECK(!ec && again == address);
}

void parseAny(Input& input) {
    const unsigned how = input.byte();
    const MessagePtr message = newMessage();
    error_code ec;
    const std::string_view mode = input.text(how >> 4U);
    if ((how & 1) != 0) message->textHeaders.append(wire::udsModeHeader, mode, ec);
    const std::string_view name = (how & 2) != 0 ? wire::listenOnHeader : wire::connectToHeader;
    message->textHeaders.append(name, textOf(input.rest()), ec);
    if (ec) return;
    if ((how & 12) == 12) message->textHeaders.append(wire::connectToHeader, "tcp||");
    const Address address = parseAddress(*message, ec);
    if (ec) {
        FUZZ_CHECK(ec == error_code(Status::InvalidAddress) || ec == error_code(Status::WrongAddress));
        return;
    }
    FUZZ_CHECK(isServer(address) == ((how & 2) != 0));
    checkParsed(address);
    checkRoundTrip(address);
}

Address pickAddress(Input& input) {
    const unsigned kind = input.choice(6);
    const std::uint16_t port = input.word();
    const std::uint16_t mode = input.word();
    std::string text(textOf(input.rest()));
    switch (kind) {
        case 0:
            return TcpClientAddress{std::move(text), port};
        case 1:
            return TcpServerAddress{std::move(text), port};
        case 2:
            return UdsClientAddress{std::move(text)};
        case 3:
            return CustomClientAddress{port % 2 != 0 ? "mem" : "fd", std::move(text)};
        case 4:
            return CustomServerAddress{port % 2 != 0 ? "mem" : "fd", std::move(text)};
        default:
            return UdsServerAddress{std::move(text),
                                    mode % 2 != 0 ? std::nullopt : std::optional<std::uint32_t>(mode)};
    }
}

/// An empty host of a client's stands for the default one.
Address normalised(Address address) {
    auto* client = std::get_if<TcpClientAddress>(&address);
    if (client != nullptr && client->host.empty()) client->host = TcpClientAddress{}.host;
    return address;
}

bool isCarried(const Address& address) {
    const std::string text = toString(address);
    return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos && text.back() != ' ' &&
           text.back() != '\t';
}

void formatAny(Input& input) {
    const Address address = pickAddress(input);
    const MessagePtr message = newMessage();
    // What throws is slow, and checked often enough with one input in many.
    if (!isCarried(address)) {
        if (input.rest().size() % 8 != 0) return;
        bool isRefused = false;
        try {
            format(address, *message);
        } catch (const Error& error) {
            isRefused = error.status() == Status::InvalidAddress && message->textHeaders.empty();
        }
        FUZZ_CHECK(isRefused);
        return;
    }
    format(address, *message);
    error_code ec;
    const Address again = parseAddress(*message, ec);
    if (ec) {
        FUZZ_CHECK(ec == error_code(Status::InvalidAddress));
        return;
    }
    // A bar in a host would end it.
    const bool isTcp = toString(address).starts_with("tcp|");
    const std::string text = toString(address);
    const bool isAmbiguous = isTcp && std::count(text.begin(), text.end(), '|') > 2;
    if (!isAmbiguous) FUZZ_CHECK(again == normalised(address));
    checkParsed(again);
    checkRoundTrip(again);
}

}  // namespace
}  // namespace tempeh::fuzz

TEMPEH_FUZZ_TARGET(address) {
    tempeh::fuzz::Input parameters(input);
    if (parameters.flag())
        tempeh::fuzz::parseAny(parameters);
    else
        tempeh::fuzz::formatAny(parameters);
}

#include "base/escape.hpp"
#include "wire/address_scheme.hpp"
#include "wire/tcp_place.hpp"

#include <tempeh/message/detail/text_block.hpp>
#include <tempeh/wire/address.hpp>

#include <algorithm>
#include <charconv>
#include <ostream>

namespace tempeh {

namespace {

constexpr std::string_view tcpScheme = "tcp";
constexpr std::string_view udsScheme = "uds";
constexpr std::string_view defaultClientHost = "127.0.0.1";
constexpr std::uint32_t maxMode = 07777;

std::string_view schemeName(const TcpClientAddress&) noexcept {
    return tcpScheme;
}
std::string_view schemeName(const TcpServerAddress&) noexcept {
    return tcpScheme;
}
std::string_view schemeName(const UdsClientAddress&) noexcept {
    return udsScheme;
}
std::string_view schemeName(const UdsServerAddress&) noexcept {
    return udsScheme;
}
std::string_view schemeName(const CustomClientAddress& a) noexcept {
    return a.scheme;
}
std::string_view schemeName(const CustomServerAddress& a) noexcept {
    return a.scheme;
}

std::string placeOf(const TcpClientAddress& a) {
    return a.host + '|' + std::to_string(a.port);
}
std::string placeOf(const TcpServerAddress& a) {
    return a.host + '|' + std::to_string(a.port);
}
const std::string& placeOf(const UdsClientAddress& a) {
    return a.path;
}
const std::string& placeOf(const UdsServerAddress& a) {
    return a.path;
}
const std::string& placeOf(const CustomClientAddress& a) {
    return a.place;
}
const std::string& placeOf(const CustomServerAddress& a) {
    return a.place;
}

template <typename OneAddress>
std::string valueOf(const OneAddress& address) {
    return std::string(schemeName(address)) + '|' + placeOf(address);
}

template <typename>
constexpr bool isServerAddress = false;
template <>
constexpr bool isServerAddress<TcpServerAddress> = true;
template <>
constexpr bool isServerAddress<UdsServerAddress> = true;
template <>
constexpr bool isServerAddress<CustomServerAddress> = true;

std::string octal(std::uint32_t mode) {
    char digits[16];
    const auto end = std::to_chars(digits, digits + sizeof digits, mode, 8).ptr;
    return "0" + std::string(digits, end);
}

/// A whole number without a sign and with nothing after it.
template <class Number>
std::optional<Number> parseNumber(std::string_view text, int base = 10) {
    Number number = 0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, number, base);
    if (error != std::errc{} || end != last) return std::nullopt;
    return number;
}

std::string printable(std::string_view value) {
    constexpr std::size_t longest = 200;
    std::string text(value.substr(0, longest));
    std::replace_if(text.begin(), text.end(), base::isControl, '?');
    return text;
}

Error invalid(std::string_view value) {
    return Error(Status::InvalidAddress, printable(value));
}

void write(Message& message, OpCode opCode, std::string_view name, std::string_view value) {
    const bool blankEnd = value.back() == ' ' || value.back() == '\t';
    error_code ec = Status::InvalidAddress;
    if (!blankEnd) message.textHeaders.set(name, value, ec);
    if (ec) throw invalid(value);
    message.textHeaders.remove(opCode == OpCode::HelloRequest ? wire::listenOnHeader : wire::connectToHeader);
    message.textHeaders.remove(wire::udsModeHeader);
    message.header.opCode = opCode;
    message.header.channelNumber = 0;
    message.header.origin = Origin::Application;
    message.header.more = false;
    message.header.status = 0;
}

void writeClient(Message& message, const std::string& value) {
    write(message, OpCode::HelloRequest, wire::connectToHeader, value);
}

void writeServer(Message& message, const std::string& value) {
    write(message, OpCode::WelcomeRequest, wire::listenOnHeader, value);
}

}  // namespace

std::optional<Address> wire::parseTcpPlace(std::string_view rest, bool server) {
    const std::size_t bar = std::min(rest.find('|'), rest.size());
    const std::string_view host = rest.substr(0, bar);
    const std::string_view portText = rest.substr(std::min(bar + 1, rest.size()));
    if (host.size() > wire::maxHost || host.find(' ') != std::string_view::npos) return std::nullopt;

    std::uint16_t port = defaultPort;
    if (!portText.empty()) {
        const auto parsed = parseNumber<std::uint16_t>(portText);
        if (!parsed || (*parsed == 0 && !server)) return std::nullopt;
        port = *parsed;
    }
    if (server) return TcpServerAddress{std::string(host), port};
    return TcpClientAddress{std::string(host.empty() ? defaultClientHost : host), port};
}

namespace {

std::optional<Address> parseUds(std::string_view path, bool server,
                                std::optional<std::string_view> modeText) {
    if (path.size() > wire::maxUdsPath || path == "@") return std::nullopt;
    if (!server) {
        if (path.empty()) return std::nullopt;
        return UdsClientAddress{std::string(path)};
    }
    UdsServerAddress address{std::string(path), std::nullopt};
    if (modeText) {
        address.mode = parseNumber<std::uint32_t>(*modeText, 8);
        if (!address.mode || *address.mode > maxMode) return std::nullopt;
    }
    return address;
}

std::optional<Address> parseCustom(std::string_view scheme, std::string_view place, bool server) {
    const wire::AddressScheme* const known = wire::findScheme(scheme);
    if (known == nullptr || !known->accepts(place, server)) return std::nullopt;
    if (server) return CustomServerAddress(std::string(scheme), std::string(place));
    return CustomClientAddress(std::string(scheme), std::string(place));
}

std::optional<Address> parseValue(std::string_view value, bool server, std::optional<std::string_view> mode) {
    const std::size_t bar = value.find('|');
    if (bar == std::string_view::npos || base::hasControl(value)) return std::nullopt;
    const std::string_view scheme = value.substr(0, bar);
    const std::string_view place = value.substr(bar + 1);
    if (scheme == tcpScheme) return wire::parseTcpPlace(place, server);
    if (scheme == udsScheme) return parseUds(place, server, mode);
    return parseCustom(scheme, place, server);
}

/// `value` returns the header's value, for the error text.
Address parse(const Message& message, error_code& ec, std::string_view& value) {
    if (detail::TextBlock::isMalformed(message.textHeaders)) {
        ec = Status::InvalidAddress;
        return {};
    }
    const auto connectTo = message.textHeaders.find(wire::connectToHeader);
    const auto listenOn = message.textHeaders.find(wire::listenOnHeader);
    if (connectTo.has_value() == listenOn.has_value()) {
        ec = Status::WrongAddress;
        return {};
    }
    value = listenOn ? *listenOn : *connectTo;
    std::optional<Address> address =
        parseValue(value, listenOn.has_value(), message.textHeaders.find(wire::udsModeHeader));
    if (!address) {
        ec = Status::InvalidAddress;
        return {};
    }
    ec.clear();
    return *std::move(address);
}

}  // namespace

void TcpClientAddress::format(Message& message) const {
    writeClient(message, valueOf(*this));
}

void TcpServerAddress::format(Message& message) const {
    writeServer(message, valueOf(*this));
}

void UdsClientAddress::format(Message& message) const {
    writeClient(message, valueOf(*this));
}

void UdsServerAddress::format(Message& message) const {
    writeServer(message, valueOf(*this));
    if (mode) message.textHeaders.append(wire::udsModeHeader, octal(*mode));
}

void CustomClientAddress::format(Message& message) const {
    writeClient(message, valueOf(*this));
}

void CustomServerAddress::format(Message& message) const {
    writeServer(message, valueOf(*this));
}

Address parseAddress(const Message& message, error_code& ec) {
    std::string_view value;
    return parse(message, ec, value);
}

Address parseAddress(const Message& message) {
    error_code ec;
    std::string_view value;
    Address address = parse(message, ec, value);
    if (ec) throw Error(ec, printable(value));
    return address;
}

std::string toString(const Address& address) {
    return std::visit([](const auto& one) { return valueOf(one); }, address);
}

void format(const Address& address, Message& message) {
    std::visit([&](const auto& one) { one.format(message); }, address);
}

std::ostream& operator<<(std::ostream& out, const Address& address) {
    return out << toString(address);
}

namespace wire {

std::string_view schemeOf(const Address& address) noexcept {
    return std::visit([](const auto& one) { return schemeName(one); }, address);
}

bool isServer(const Address& address) noexcept {
    return std::visit([]<typename One>(const One&) { return isServerAddress<One>; }, address);
}

Address clientAddressOf(const Address& bound) {
    if (const auto* uds = std::get_if<UdsServerAddress>(&bound)) return UdsClientAddress{uds->path};
    if (const auto* custom = std::get_if<CustomServerAddress>(&bound))
        return CustomClientAddress{custom->scheme, custom->place};
    const auto* tcp = std::get_if<TcpServerAddress>(&bound);
    if (tcp == nullptr) return bound;
    if (tcp->host == "::") return TcpClientAddress{"::1", tcp->port};
    const bool isAny = tcp->host.empty() || tcp->host == "0.0.0.0";
    return TcpClientAddress{isAny ? std::string(defaultClientHost) : tcp->host, tcp->port};
}

}  // namespace wire

}  // namespace tempeh

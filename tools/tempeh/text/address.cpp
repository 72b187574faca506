#include "text/address.hpp"

#include "cli/exit_code.hpp"

#include <filesystem>
#include <system_error>

namespace tool {

namespace {

bool cut(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

/// `HOST:PORT` with either part missing, as `tcp|HOST|PORT`, or another scheme's. Brackets for IPv6; a bare
/// IPv6 literal has no port.
std::string tcpForm(std::string_view text, std::string_view scheme = "tcp") {
    std::string_view host = text;
    std::string_view port;
    const std::size_t bracket = text.find(']');
    if (text.starts_with('[')) {
        if (bracket == std::string_view::npos) return {};
        host = text.substr(1, bracket - 1);
        port = text.substr(bracket + 1);
        if (!port.empty() && !cut(port, ":")) return {};
    } else if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
        const bool isIpv6 = text.find(':') != colon;
        if (!isIpv6) {
            host = text.substr(0, colon);
            port = text.substr(colon + 1);
        }
    }
    return std::string(scheme).append("|").append(host).append("|").append(port);
}

bool isSocketFile(std::string_view path) {
    std::error_code ec;
    return std::filesystem::is_socket(std::filesystem::path(path), ec);
}

/// The form of the address headers. (`mem|NAME` is none for a process that has nobody to talk to inside.)
std::string headerForm(std::string_view text) {
    for (const std::string_view scheme : {"tcp|", "uds|", "tls|", "fd|"})
        if (text.starts_with(scheme)) return std::string(text);
    if (cut(text, "unix://") || cut(text, "unix:")) return std::string("uds|").append(text);
    if (cut(text, "fd:")) return std::string("fd|").append(text);
    if (cut(text, "tls://") || cut(text, "tls:")) return tcpForm(text, "tls");
    if (cut(text, "tcp://") || cut(text, "tcp:")) return tcpForm(text);
    const bool isPath = text.find('/') != std::string_view::npos || text.starts_with('@') ||
                        text.ends_with(".sock") || isSocketFile(text);
    if (isPath) return std::string("uds|").append(text);
    return tcpForm(text);
}

tempeh::Address parse(std::string_view text, std::string_view header) {
    tempeh::Message message;
    tempeh::error_code ec = tempeh::Status::InvalidAddress;
    const std::string form = headerForm(text);
    if (!text.empty() && !form.empty()) message.textHeaders.append(header, form, ec);
    tempeh::Address address;
    if (!ec) address = tempeh::parseAddress(message, ec);
    if (ec) {
        throw Failure(exitUsage, "'" + std::string(text) +
                                     "' is not an address; write HOST:PORT, tls:HOST:PORT or unix:PATH");
    }
    return address;
}

}  // namespace

tempeh::Address clientAddress(std::string_view text) {
    return parse(text, tempeh::wire::connectToHeader);
}

bool isTlsAddress(std::string_view text) {
    return headerForm(text).starts_with("tls|");
}

tempeh::Address serverAddress(std::string_view text) {
    return parse(text, tempeh::wire::listenOnHeader);
}

std::string pasteable(std::string_view address) {
    std::string_view text = address;
    if (cut(text, "uds|")) return std::string("unix:").append(text);
    if (cut(text, "fd|")) return std::string("fd:").append(text);
    const std::size_t bar = text.rfind('|');
    const std::size_t scheme = text.find('|');
    if (scheme == std::string_view::npos || scheme == bar) return std::string(address);
    const std::string_view host = text.substr(scheme + 1, bar - scheme - 1);
    std::string form = text.starts_with("tcp|") ? std::string() : std::string(text, 0, scheme) + "://";
    if (host.find(':') != std::string_view::npos)
        form.append("[").append(host).append("]");
    else
        form.append(host);
    return form.append(":").append(text.substr(bar + 1));
}

}  // namespace tool

#include "flow/tls_files.hpp"

#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "flow/session.hpp"
#include "text/address.hpp"

#if defined(TEMPEH_TOOL_TLS)
#include <tempeh/tls.hpp>

#include <algorithm>
#include <memory>
#endif

namespace tool {

#if defined(TEMPEH_TOOL_TLS)

namespace {

void describeFiles(Command& command, TlsFiles& files, const char* ca) {
    command
        .option("--cert", files.certificate, "FILE",
                "TLS: own certificate, followed by the intermediate ones (PEM)")
        .option("--key", files.key, "FILE", "TLS: private key of the certificate (PEM)")
        .option("--ca", files.ca, "FILE", ca)
        .option("--crl", files.crl, "FILE", "TLS: revocation lists of the CAs (PEM)");
}

tempeh::TlsOptions tlsOptions(const TlsFiles& files) {
    tempeh::TlsOptions options{.certificateChainFile = files.certificate,
                               .privateKeyFile = files.key,
                               .caFile = files.ca,
                               .crlFile = files.crl,
                               .verifyServer = !files.isInsecure,
                               .expectedName = files.name};
    if (!files.isQuiet)
        options.onFailure = [](const tempeh::TlsFailure& failure) {
            note(std::string(failure.peerAddress) + ": " + failure.cause.message());
        };
    return options;
}

}  // namespace

void describeTlsOfServer(Command& command, TlsFiles& files) {
    describeFiles(command, files, "TLS: require client certificates issued by these CAs (PEM)");
}

void describeTlsOfClient(Command& command, TlsFiles& files) {
    files.isQuiet = true;  // the error of connecting says it
    describeFiles(command, files, "TLS: the CAs to trust (PEM); without it the system's");
    command
        .option("--server-name", files.name, "NAME",
                "TLS: the name in the server's certificate, if it is not the host")
        .flag("--insecure", files.isInsecure, "TLS: accept any certificate");
}

tempeh::Options engineOptions(const TlsFiles& files, std::span<const std::string> addresses) {
    tempeh::Options options = Session::defaultOptions();
    const auto isTls = [](const std::string& text) { return isTlsAddress(text); };
    if (std::none_of(addresses.begin(), addresses.end(), isTls)) return options;
    try {
        options.tls = std::make_shared<tempeh::TlsContext>(tlsOptions(files));
    } catch (const tempeh::Error& error) {
        throw Failure(exitUsage, error.what());
    }
    return options;
}

#else

void describeTlsOfServer(Command&, TlsFiles&) {}

void describeTlsOfClient(Command&, TlsFiles&) {}

tempeh::Options engineOptions(const TlsFiles&, std::span<const std::string> addresses) {
    for (const std::string& address : addresses)
        if (isTlsAddress(address))
            throw Failure(exitUsage, "'" + address + "': this program was built without TLS");
    return Session::defaultOptions();
}

#endif

}  // namespace tool

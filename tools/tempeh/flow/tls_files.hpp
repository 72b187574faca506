#pragma once

#include "cli/command_line.hpp"

#include <tempeh/core/options.hpp>

#include <span>
#include <string>
#include <vector>

namespace tool {

/// What the user says about TLS.
struct TlsFiles {
    std::string certificate;
    std::string key;
    std::string ca;
    std::string crl;
    std::string name;
    bool isInsecure = false;
    bool isQuiet = false;  ///< Says nothing of handshakes that fail.
};

/// --cert, --key, --ca, --crl; of clients --server-name and --insecure as well. Nothing where the tool was
/// built without TLS.
void describeTlsOfServer(Command& command, TlsFiles& files);
void describeTlsOfClient(Command& command, TlsFiles& files);

/// Options for an engine at these addresses, with certificates if one of them is TLS. Throws
/// Failure(exitUsage) for a file that is no good.
tempeh::Options engineOptions(const TlsFiles& files, std::span<const std::string> addresses);
inline tempeh::Options engineOptions(const TlsFiles& files, const std::string& address) {
    return engineOptions(files, std::span(&address, 1));
}

}  // namespace tool

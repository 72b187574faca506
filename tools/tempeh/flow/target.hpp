#pragma once

#include "cli/command_line.hpp"
#include "flow/tls_files.hpp"

#include <tempeh/flows/peer.hpp>

#include <string>
#include <vector>

namespace tool {

/// The server a command talks to.
struct Target {
    std::string address;
    std::vector<std::string> helloHeaders;
    Duration connectTimeout = std::chrono::seconds(10);
    TlsFiles tls = {};
};

/// ADDRESS, --hello-header, --connect-timeout and those of TLS.
void describeTarget(Command& command, Target& target);
/// The options without the address.
void describeTargetOptions(Command& command, Target& target);

/// For the engine that connects there. Throws Failure(exitUsage).
inline tempeh::Options engineOptions(const Target& target) {
    return engineOptions(target.tls, target.address);
}

/// `engine` and `target` must outlive it. Throws Failure: exitUsage for a wrong address or header,
/// exitNegative when the server refuses, exitUnreachable when there is none.
tempeh::asio::awaitable<tempeh::flows::Peer> connectTo(tempeh::Ampe& engine, const Target& target);

}  // namespace tool

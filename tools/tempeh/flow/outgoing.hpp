#pragma once

#include "cli/command_line.hpp"

#include <tempeh/flows/peer.hpp>

#include <optional>
#include <string>
#include <vector>

namespace tool {

/// What a request or a signal says.
struct Outgoing {
    std::optional<std::string> body;
    std::string file;
    std::vector<std::string> headers;
    bool isStream = false;
};

/// BODY, --file, -H, --stream.
void describeOutgoing(Command& command, Outgoing& outgoing);

/// What one message can carry in its body, bytes.
inline constexpr std::size_t longestBody = 65'535;

}  // namespace tool

#pragma once

#include <stdexcept>

namespace tool {

/// What the program ends with; docs/tool.md and `tempeh --help` list them.
enum ExitCode : int {
    exitOk = 0,
    exitNegative = 1,     ///< No answer, an answer that says no, or a failure on the way.
    exitUsage = 2,        ///< The command line makes no sense, or a file it names cannot be read.
    exitUnreachable = 3,  ///< Cannot connect, or cannot listen.
    exitMalformed = 4,    ///< What was to be decoded is not this protocol.
    exitInterrupted = 130,
};

/// Ends the program with a message for people on standard error.
class Failure : public std::runtime_error {
public:
    template <typename Text>
    Failure(ExitCode code, const Text& text) : std::runtime_error(text), code_(code) {}

    ExitCode code() const noexcept { return code_; }

private:
    ExitCode code_;
};

}  // namespace tool

#include "flow/outgoing.hpp"

namespace tool {

void describeOutgoing(Command& command, Outgoing& outgoing) {
    command.argument("BODY", outgoing.body, "The body; without it and --file: standard input")
        .option("-f,--file", outgoing.file, "FILE", "The body from a file; -: standard input")
        .option("-H,--header", outgoing.headers, "NAME:VALUE", "Text header; repeatable")
        .flag("--stream", outgoing.isStream, "Send in parts, any size, as it is read");
}

}  // namespace tool

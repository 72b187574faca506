#pragma once

#include <tempeh/flows.hpp>

#include <cstdint>
#include <string>

/// The parts of a soak, each a process of its own: `soak server`, `soak clients`, `soak probe`. They run
/// until their standard input ends, and print lines of key=value for tests/soak/run.py.
namespace tempeh::soak {

struct Arguments {
    std::string role;
    std::uint16_t port = 0;  ///< The server's TCP port on loopback.
    std::string path = {};   ///< The server's Unix socket.
    std::uint64_t seed = 1;
};

int runServer(const Arguments& arguments);
int runClients(const Arguments& arguments);
int runProbe(const Arguments& arguments);

/// True at the end of standard input.
bool isToldToStop(Duration patience);

}  // namespace tempeh::soak

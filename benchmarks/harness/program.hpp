#pragma once

#include "options.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace bench {

/// Connections opened before waiting for their probes: well under every listener's backlog.
inline constexpr std::uint32_t kOpenBatch = 64;

/// True at the end of standard input, which is how a server is told to stop. Call when descriptor 0 is
/// readable.
inline bool stdinEnded() {
    char ignored[256];
    const auto got = ::read(STDIN_FILENO, ignored, sizeof ignored);
    return got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN);
}

/// For servers whose library owns the waiting: calls `stop` on a thread of its own at the end of standard
/// input.
inline void onStdinEnd(std::function<void()> stop) {
    std::thread([stop = std::move(stop)] {
        while (!stdinEnded()) {
        }
        stop();
    }).detach();
}

/// For programs that lack a role.
inline void noSuchRole(const Options&) {
    throw std::invalid_argument("this program does not have that --role");
}

/// main() of a benchmark program: parses, pins, runs the role. 0 after a run whose checks all held.
template <typename Serve, typename Drive, typename Both = void (*)(const Options&)>
int runProgram(const char* peer, int argc, char** argv, Serve&& serve, Drive&& drive,
               Both&& both = noSuchRole) {
    try {
        const Options options = parseOptions(peer, argc, argv);
        pinToCpus(options);
        rlimit files{};
        getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
        switch (options.role) {
            case Role::Server:
                serve(options);
                break;
            case Role::Client:
                drive(options);
                break;
            case Role::Both:
                both(options);
                break;
        }
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s: %s\n", peer, error.what());
        return 1;
    }
}

}  // namespace bench

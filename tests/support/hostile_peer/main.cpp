// A program that is a nuisance to a server: for tests, measurements and soaks. Shares no code with the
// library.

#include "support/hostile_peer/kinds.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <vector>

namespace {

using namespace tempeh::test::hostile;

constexpr const char* usage =
    "Usage: hostile_peer --address ADDRESS [--kind NAME[,NAME...]] [--seconds N] [--connections N]\n"
    "                    [--interval MS] [--sources N] [--seed N] [--quiet] [--here]\n"
    "       hostile_peer --list | --help\n"
    "\n"
    "Is a nuisance to the server at ADDRESS (tcp|HOST|PORT with a literal IPv4 host, or uds|PATH) in every\n"
    "way named, each in a process of its own, all at once. Ends by itself, or with SIGTERM or SIGINT, and "
    "then\n"
    "prints for each kind: connections made, refused, ended by the server, and bytes sent.\n"
    "\n"
    "  --kind         which; default all: see --list\n"
    "  --seconds      how long; default 10, may be a fraction\n"
    "  --connections  of each kind at one time; default: as the kind would\n"
    "  --interval     milliseconds between two steps of each connection; default: as the kind would\n"
    "  --sources      TCP to 127.0.0.1: come from so many addresses 127.1.0.1, 127.1.0.2 ...; default 0, "
    "the\n"
    "                 system's choice\n"
    "  --seed         of what is random; default 1\n"
    "  --quiet        prints nothing\n"
    "  --here         of one kind: in this process and no other, for who wants to stop or kill it; prints "
    "nothing\n"
    "\n"
    "Exit status: 0, also when the server refused everything; 2: wrong usage.\n";

struct Arguments {
    std::string address;
    std::string kinds;
    double seconds = 10;
    unsigned connections = 0;
    unsigned interval = 0;
    unsigned sources = 0;
    unsigned seed = 1;
    bool quiet = false;
    bool here = false;
};

[[noreturn]] void refuse(const std::string& what) {
    std::fprintf(stderr, "hostile_peer: %s; --help tells more\n", what.c_str());
    std::exit(2);
}

unsigned number(const std::string& name, const char* text) {
    char* end = nullptr;
    const unsigned long value = std::strtoul(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value > 1'000'000) refuse(name + " " + text + " is no such number");
    return static_cast<unsigned>(value);
}

Arguments parse(int argc, char** argv) {
    Arguments arguments;
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        if (name == "--help" || name == "-h") {
            std::fputs(usage, stdout);
            std::exit(0);
        }
        if (name == "--list") {
            for (const Kind& kind : allKinds())
                std::printf("%-12s %s\n", kind.name.data(), kind.what.data());
            std::exit(0);
        }
        if (name == "--quiet") {
            arguments.quiet = true;
            continue;
        }
        if (name == "--here") {
            arguments.here = true;
            continue;
        }
        if (i + 1 == argc) refuse("unknown argument, or no value for it: " + name);
        const char* const value = argv[++i];
        if (name == "--address")
            arguments.address = value;
        else if (name == "--kind")
            arguments.kinds = value;
        else if (name == "--seconds")
            arguments.seconds = std::atof(value);
        else if (name == "--connections")
            arguments.connections = number(name, value);
        else if (name == "--interval")
            arguments.interval = number(name, value);
        else if (name == "--sources")
            arguments.sources = number(name, value);
        else if (name == "--seed")
            arguments.seed = number(name, value);
        else
            refuse("unknown argument: " + name);
    }
    return arguments;
}

std::vector<const Kind*> chosen(const std::string& names) {
    std::vector<const Kind*> kinds;
    if (names.empty() || names == "all")
        for (const Kind& kind : allKinds())
            kinds.push_back(&kind);
    for (std::size_t start = 0; kinds.empty() || start < names.size();) {
        if (names == "all") break;
        const std::size_t comma = std::min(names.find(',', start), names.size());
        const std::string name = names.substr(start, comma - start);
        const Kind* found = nullptr;
        for (const Kind& kind : allKinds())
            if (kind.name == name) found = &kind;
        if (found == nullptr) refuse("no kind " + name + ", see --list");
        kinds.push_back(found);
        start = comma + 1;
    }
    return kinds;
}

volatile std::sig_atomic_t stopRequested = 0;

pid_t start(const Kind& kind, const Session& session) {
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child != 0) return child;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(0);
    std::signal(SIGTERM, SIG_DFL);
    std::signal(SIGINT, SIG_IGN);
    run(kind, session);
    ::_exit(0);
}

/// Until all are gone; a signal to this process ends them.
void waitFor(std::vector<pid_t>& children) {
    while (!children.empty()) {
        if (stopRequested != 0)
            for (const pid_t child : children)
                ::kill(child, SIGKILL);
        std::erase_if(children,
                      [](pid_t child) { return child < 0 || ::waitpid(child, nullptr, WNOHANG) != 0; });
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

}  // namespace

int main(int argc, char** argv) {
    const Arguments arguments = parse(argc, argv);
    const auto target = Target::parse(arguments.address, arguments.sources);
    if (!target) refuse("--address must be tcp|A.B.C.D|PORT or uds|PATH");
    const std::vector<const Kind*> kinds = chosen(arguments.kinds);

    void* const shared = ::mmap(nullptr, kinds.size() * sizeof(Tally), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) refuse("no memory");
    auto* const tallies = new (shared) Tally[kinds.size()]();

    struct sigaction action {};
    action.sa_handler = [](int) { stopRequested = 1; };
    ::sigaction(SIGTERM, &action, nullptr);
    ::sigaction(SIGINT, &action, nullptr);
    const auto end = std::chrono::steady_clock::now() +
                     std::chrono::milliseconds(static_cast<std::int64_t>(arguments.seconds * 1000));
    const auto session = [&](std::size_t i) {
        return Session{.target = *target,
                       .end = end,
                       .connections = arguments.connections,
                       .interval = std::chrono::milliseconds(arguments.interval),
                       .tally = tallies[i],
                       .random = std::minstd_rand(arguments.seed + i)};
    };
    if (arguments.here) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (kinds.size() != 1) refuse("--here is for one kind");
        std::signal(SIGTERM, SIG_DFL);
        std::signal(SIGINT, SIG_DFL);
        run(*kinds[0], session(0));
        return 0;
    }
    std::vector<pid_t> children;
    for (std::size_t i = 0; i < kinds.size(); ++i)
        children.push_back(start(*kinds[i], session(i)));
    waitFor(children);
    if (arguments.quiet) return 0;
    for (std::size_t i = 0; i < kinds.size(); ++i)
        std::printf("%-12s connections=%llu refused=%llu ended=%llu bytes=%llu\n", kinds[i]->name.data(),
                    static_cast<unsigned long long>(tallies[i].connections),
                    static_cast<unsigned long long>(tallies[i].refused),
                    static_cast<unsigned long long>(tallies[i].ended),
                    static_cast<unsigned long long>(tallies[i].bytes));
    return 0;
}

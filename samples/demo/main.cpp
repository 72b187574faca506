#include "clients.hpp"
#include "demo.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr const char* usage =
    "Usage: tempeh_demo [--quick | --seconds N]\n"
    "\n"
    "A server (one coroutine, listening on TCP and on a Unix socket) and six clients (coroutines and "
    "blocking\n"
    "threads, each in its own process) exchange messages for 6 seconds. Every answer is checked.\n";

/// As runDemo() starts it: --client NAME STYLE ADDRESS LENGTH BURST MILLISECONDS
int clientMain(const std::vector<std::string>& arguments) {
    tempeh::Message parsed;  // the address comes in the form of its header
    parsed.textHeaders.append(tempeh::wire::connectToHeader, arguments.at(3));
    demo::runClient({.name = arguments.at(1),
                     .style = arguments.at(2),
                     .server = tempeh::parseAddress(parsed),
                     .lineLength = std::stoul(arguments.at(4)),
                     .burst = std::stoul(arguments.at(5)),
                     .duration = std::chrono::milliseconds(std::stoul(arguments.at(6)))});
    return EXIT_SUCCESS;
}

int demoMain(const std::vector<std::string>& arguments) {
    std::chrono::milliseconds duration = std::chrono::seconds(6);
    if (arguments.size() == 1 && arguments[0] == "--quick") {
        duration = std::chrono::seconds(1);
    } else if (arguments.size() == 2 && arguments[0] == "--seconds") {
        duration = std::chrono::seconds(std::stoul(arguments[1]));
    } else if (!arguments.empty()) {
        const bool isHelp = arguments[0] == "--help" || arguments[0] == "-h";
        std::fputs(usage, isHelp ? stdout : stderr);
        return isHelp ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    return demo::runDemo(duration);
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const bool isClient = !arguments.empty() && arguments[0] == "--client";
    try {
        return isClient ? clientMain(arguments) : demoMain(arguments);
    } catch (const std::exception& failure) {
        fmt::print(stderr, "{}: {}\n", isClient ? arguments.at(1) : "tempeh_demo", failure.what());
        return EXIT_FAILURE;
    }
}

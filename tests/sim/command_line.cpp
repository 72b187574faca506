#include "sim/command_line.hpp"

#include "sim/flows_workload.hpp"
#include "sim/workload.hpp"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace tempeh::test {

namespace {

struct Arguments {
    std::uint64_t seeds = 0;
    std::uint64_t first = 1;
    std::uint64_t jobs = 1;
    std::size_t traceLines = 0;
    bool keepsGoing = false;
    bool hashes = false;  // instead of checking
};

Arguments parse(int argc, char** argv) {
    Arguments arguments;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--keep-going") {
            arguments.keepsGoing = true;
            continue;
        }
        if (name == "--hashes") {
            arguments.hashes = true;
            continue;
        }
        const std::uint64_t value = i + 1 < argc ? std::strtoull(argv[++i], nullptr, 0) : 0;
        if (name == "--seeds") arguments.seeds = value;
        if (name == "--first-seed") arguments.first = value;
        if (name == "--jobs") arguments.jobs = std::max<std::uint64_t>(value, 1);
        if (name == "--trace") arguments.traceLines = value;
    }
    return arguments;
}

/// How many of every `jobs`th seed from `first` on failed.
std::uint64_t runSeeds(const Arguments& arguments, std::uint64_t job) {
    std::uint64_t failures = 0;
    for (std::uint64_t i = job; i < arguments.seeds; i += arguments.jobs) {
        const std::optional<SeedFailure> failure = checkSeed(arguments.first + i, arguments.traceLines);
        if (!failure) continue;
        ++failures;
        std::cout << "seed " << failure->seed << ": " << failure->what << '\n'
                  << failure->trace << "to reproduce: sim --seeds 1 --trace 500 --first-seed "
                  << failure->seed << std::endl;
        if (!arguments.keepsGoing) break;
    }
    return failures;
}

/// In processes of their own. True: none failed.
bool runJobs(const Arguments& arguments) {
    std::vector<pid_t> children;
    for (std::uint64_t job = 1; job < arguments.jobs; ++job) {
        const pid_t child = fork();
        if (child == 0) std::_Exit(runSeeds(arguments, job) == 0 ? 0 : 1);
        if (child > 0) children.push_back(child);
    }
    bool isWell = runSeeds(arguments, 0) == 0;
    for (const pid_t child : children) {
        int status = 0;
        waitpid(child, &status, 0);
        isWell = isWell && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    return isWell;
}

}  // namespace

namespace {

template <typename Work>
std::optional<SeedFailure> check(std::uint64_t seed, std::size_t traceLines) {
    Work workload(seed, traceLines != 0);
    try {
        workload.run();
        return std::nullopt;
    } catch (const std::exception& failure) {
        return SeedFailure{seed, failure.what(), workload.network().traceTail(traceLines)};
    }
}

}  // namespace

namespace {

bool isOfFlows(std::uint64_t seed) {
    constexpr std::uint64_t flowsEvery = 4;
    return seed % flowsEvery == 0;
}

template <typename Work>
std::uint64_t hashOf(std::uint64_t seed) {
    Work workload(seed, true);
    std::string failure;
    try {
        workload.run();
    } catch (const std::exception& thrown) {
        failure = thrown.what();
    }
    workload.network().note(failure);
    return workload.network().traceHash();
}

}  // namespace

std::uint64_t traceHashOf(std::uint64_t seed) {
    return isOfFlows(seed) ? hashOf<FlowsWorkload>(seed) : hashOf<Workload>(seed);
}

std::string traceHashes(std::uint64_t first, std::uint64_t count) {
    std::string lines;
    for (std::uint64_t seed = first; seed < first + count; ++seed)
        lines += std::to_string(seed) + " " + std::to_string(traceHashOf(seed)) + "\n";
    return lines;
}

std::optional<SeedFailure> checkSeed(std::uint64_t seed, std::size_t traceLines) {
    return isOfFlows(seed) ? check<FlowsWorkload>(seed, traceLines) : check<Workload>(seed, traceLines);
}

bool isCommandLine(int argc, char** argv) {
    for (int i = 1; i < argc; ++i)
        if (std::strcmp(argv[i], "--seeds") == 0) return true;
    return false;
}

int runCommandLine(int argc, char** argv) {
    const Arguments arguments = parse(argc, argv);
    if (arguments.hashes) {
        std::cout << traceHashes(arguments.first, arguments.seeds) << std::flush;
        return 0;
    }
    const auto start = std::chrono::steady_clock::now();
    const bool isWell = runJobs(arguments);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::cout << arguments.seeds << " seeds from " << arguments.first << " in " << took.count() << " s, "
              << static_cast<double>(arguments.seeds) / took.count()
              << " seeds/s: " << (isWell ? "no rule broken" : "FAILED") << std::endl;
    return isWell ? 0 : 1;
}

}  // namespace tempeh::test

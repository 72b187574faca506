#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <sched.h>
#include <stdexcept>
#include <string>
#include <utility>

/// What every benchmark program shares: one command line, one content check, one line of results.
namespace bench {

/// Both: two parties in one process, for the handover without (or through) a socket.
enum class Role { Server, Client, Both };
/// Open: requests leave at a fixed rate, whether or not answers come, and each one's time runs from the
/// moment it was due. So a stall of the server counts for all that had to wait (no coordinated omission).
enum class Workload { Latency, Throughput, Pipeline, FanIn, Setup, Open };

/// `tcp|HOST|PORT` or `uds|PATH`, as on tempeh's wire; `mem|NAME` inside a process. Port 0 lets the server
/// choose.
struct Address {
    bool uds = false;
    bool mem = false;
    std::string host;
    std::uint16_t port = 0;
    std::string path;

    static Address parse(const std::string& text) {
        const auto bar = text.find('|');
        const std::string scheme = text.substr(0, bar);
        if (bar == std::string::npos || (scheme != "tcp" && scheme != "uds" && scheme != "mem")) {
            throw std::invalid_argument("address must be tcp|HOST|PORT, uds|PATH or mem|NAME: " + text);
        }
        Address address;
        const std::string rest = text.substr(bar + 1);
        if (scheme != "tcp") {
            address.uds = scheme == "uds";
            address.mem = scheme == "mem";
            address.path = rest;
            return address;
        }
        const auto second = rest.rfind('|');
        if (second == std::string::npos) throw std::invalid_argument("address lacks a port: " + text);
        address.host = rest.substr(0, second);
        address.port = static_cast<std::uint16_t>(std::stoul(rest.substr(second + 1)));
        return address;
    }

    std::string text() const {
        if (uds || mem) return transport() + ("|" + path);
        return "tcp|" + host + "|" + std::to_string(port);
    }
    const char* transport() const { return uds ? "uds" : mem ? "mem" : "tcp"; }
};

/// The smallest body: a tag in front and a stamp behind (content.hpp).
inline constexpr std::size_t kMinBody = 16;
inline constexpr std::size_t kMaxBody = 65000;

struct Options {
    std::string peer;  ///< name of the program, for the results
    std::string mode;  ///< variant of the program, free text ("coroutine", "blocking", ...)
    Role role = Role::Client;
    Workload workload = Workload::Latency;
    Address address;
    std::size_t size = 256;         ///< bytes of body
    std::uint64_t count = 0;        ///< messages; 0: as many as fit into `seconds`
    double seconds = 0;             ///< length of the measured part; 0 with a count: no limit
    std::uint32_t inflight = 64;    ///< window of the pipeline workload
    std::uint32_t connections = 1;  ///< fan-in: all active; latency: one active, the others idle; setup: so
                                    ///< many at a time
    double rate = 0;                ///< open: requests per second
    std::uint32_t spinUs = 0;       ///< poll so long before sleeping, where the program can
    int cpu = -1;                   ///< pin the process to this core; -1: do not
    int secondCpu = -1;             ///< and to this one beside it

    const char* workloadName() const {
        switch (workload) {
            case Workload::Latency:
                return "latency";
            case Workload::Throughput:
                return "throughput";
            case Workload::Pipeline:
                return "pipeline";
            case Workload::FanIn:
                return "fanin";
            case Workload::Setup:
                return "setup";
            case Workload::Open:
                return "open";
        }
        return "?";
    }
};

/// Parses the common command line; a mistake in it, or --help, ends the program.
inline Options parseOptions(const std::string& peer, int argc, char** argv) {
    Options options;
    options.peer = peer;
    std::string address = "tcp|127.0.0.1|0";
    CLI::App app{"benchmark peer " + peer};
    const std::map<std::string, Role> roles{
        {"server", Role::Server}, {"client", Role::Client}, {"both", Role::Both}};
    const std::map<std::string, Workload> workloads{
        {"latency", Workload::Latency},   {"throughput", Workload::Throughput},
        {"pipeline", Workload::Pipeline}, {"fanin", Workload::FanIn},
        {"setup", Workload::Setup},       {"open", Workload::Open}};
    app.add_option("--role", options.role)->required()->transform(CLI::CheckedTransformer(roles));
    app.add_option("--workload", options.workload)->required()->transform(CLI::CheckedTransformer(workloads));
    app.add_option("--address", address, "tcp|HOST|PORT, uds|PATH or mem|NAME");
    app.add_option("--size", options.size, "bytes of body")->check(CLI::Range(kMinBody, kMaxBody));
    app.add_option("--count", options.count, "messages to send");
    app.add_option("--seconds", options.seconds, "time to send for");
    app.add_option("--inflight", options.inflight)->check(CLI::Range(1U, 65536U));
    app.add_option("--connections", options.connections)->check(CLI::Range(1U, 60000U));
    app.add_option("--rate", options.rate, "requests per second of the open workload");
    app.add_option("--spin-us", options.spinUs, "poll so long before sleeping");
    app.add_option("--cpu", options.cpu, "pin the process to this core");
    app.add_option("--second-cpu", options.secondCpu, "and to this one beside it");
    app.add_option("--mode", options.mode, "variant, for programs that have several");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        std::exit(app.exit(error));
    }
    options.address = Address::parse(address);
    if (options.count == 0 && options.seconds <= 0) options.seconds = 1;
    if (options.workload == Workload::Open) {
        if (options.rate <= 0) options.rate = 1000;
        if (options.count == 0)
            options.count = static_cast<std::uint64_t>(options.rate * options.seconds) + 1;
        options.seconds = 0;
    }
    return options;
}

/// Before any thread starts: threads inherit the mask.
inline void pinToCpus(const Options& options) {
    if (options.cpu < 0) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(options.cpu), &set);
    if (options.secondCpu >= 0) CPU_SET(static_cast<std::size_t>(options.secondCpu), &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) throw std::runtime_error("cannot pin to the core");
}

}  // namespace bench

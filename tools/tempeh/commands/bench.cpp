#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "commands/commands.hpp"
#include "flow/echo_server.hpp"
#include "flow/load.hpp"
#include "flow/session.hpp"
#include "flow/target.hpp"
#include "text/address.hpp"
#include "text/json.hpp"
#include "text/message_text.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tool {

namespace {

using Clock = std::chrono::steady_clock;

struct BenchOptions {
    std::optional<std::string> address;
    Target target;
    std::string mode = "latency";
    std::string transport = "uds";
    Duration duration = std::chrono::seconds(5);
    std::uint64_t size = 64;
    std::uint64_t connections = 0;  // 0: as the mode wants
    std::uint64_t inFlight = 1;
    Duration busyPoll{};
    bool isQuiet = false;
    bool isJson = false;
};

struct BenchResult {
    LoadCount count;
    double seconds = 0;
    std::uint64_t connections = 0;
};

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string rateText(std::uint64_t messages, double seconds, std::uint64_t size) {
    const double rate = static_cast<double>(messages) / std::max(seconds, 1e-9);
    const double bytes = rate * static_cast<double>(size);
    return fmt::format("{:.0f} messages/s, {}/s", rate, bytesText(bytes));
}

asio::awaitable<std::vector<tempeh::flows::Peer>> openPeers(Session& session, const BenchOptions& options,
                                                            std::uint64_t connections) {
    std::vector<tempeh::flows::Peer> peers;
    for (std::uint64_t i = 0; i < connections; ++i) {
        tempeh::flows::Peer peer = co_await connectTo(session.engine(), options.target);
        peers.push_back(std::move(peer));
    }
    co_return peers;
}

/// Until the time is over, somebody interrupts or the load ends by itself; shows how it goes.
asio::awaitable<void> watch(Session& session, const BenchOptions& options, Load& load) {
    constexpr auto redraw = std::chrono::milliseconds(200);
    asio::steady_timer timer(session.executor());
    session.onInterrupt([&timer] { timer.cancel(); });
    ProgressLine progress;
    const Clock::time_point start = Clock::now();
    std::uint64_t before = 0;
    Clock::time_point shownAt = start;
    while (!session.isInterrupted() && !load.hasEnded()) {
        const Duration left = options.duration - (Clock::now() - start);
        if (left <= Duration::zero()) break;
        timer.expires_after(std::min<Duration>(left, redraw));
        tempeh::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        if (options.isQuiet) continue;
        const std::uint64_t now = load.count().messages;
        progress.show(fmt::format("{:5.1f} s  {}", secondsSince(start),
                                  rateText(now - before, secondsSince(shownAt), options.size)));
        before = now;
        shownAt = Clock::now();
    }
    session.onInterrupt([] {});  // what was measured is reported
}

asio::awaitable<int> bench(Session& session, const BenchOptions& options, const LoadPlan& plan,
                           BenchResult& result) {
    const std::uint64_t usual = options.mode == "fan-in" ? 64 : 1;
    result.connections = options.connections == 0 ? usual : options.connections;
    std::vector<tempeh::flows::Peer> peers = co_await openPeers(session, options, result.connections);
    Load load(session.executor(), plan, std::move(peers));
    const Clock::time_point start = Clock::now();
    load.start();
    co_await watch(session, options, load);
    load.stop();
    constexpr auto answersMayTake = std::chrono::seconds(30);  // each has a time limit of its own
    constexpr auto whenInterrupted = std::chrono::milliseconds(50);
    co_await load.ended(session.isInterrupted() ? whenInterrupted : answersMayTake);
    result.seconds = secondsSince(start);
    result.count = load.count();
    co_return result.count.messages != 0 && result.count.failures == 0 ? exitOk : exitNegative;
}

void reportJson(const BenchOptions& options, const BenchResult& result) {
    const LoadCount& count = result.count;
    Json json;
    json.set("mode", options.mode).set("address", options.target.address).set("size", options.size);
    json.set("connections", result.connections).set("inFlight", options.inFlight);
    json.set("seconds", result.seconds).set("messages", count.messages).set("failures", count.failures);
    json.set("messagesPerSecond", static_cast<double>(count.messages) / std::max(result.seconds, 1e-9));
    if (count.times.count() != 0) {
        json.set("minUs", count.times.min()).set("avgUs", count.times.mean());
        json.set("p50Us", count.times.percentile(0.5)).set("p99Us", count.times.percentile(0.99));
        json.set("p999Us", count.times.percentile(0.999)).set("maxUs", count.times.max());
    }
    printLine(json.line());
}

void report(const BenchOptions& options, const BenchResult& result) {
    if (options.isJson) return reportJson(options, result);
    const LoadCount& count = result.count;
    const Latency& times = count.times;
    printLine(fmt::format("{} {}, {} connection{}, bodies of {} bytes", options.mode,
                          pasteable(options.target.address), result.connections,
                          result.connections == 1 ? "" : "s", options.size));
    printLine(fmt::format("{} messages in {:.2f} s: {}", count.messages, result.seconds,
                          rateText(count.messages, result.seconds, options.size)));
    if (count.failures != 0) printLine(paint(Paint::Bad, fmt::format("{} failed", count.failures)));
    if (times.count() == 0) return;
    printLine(fmt::format("round trip min {}  avg {}  p50 {}  p99 {}  p99.9 {}  max {}",
                          timeText(times.min()), timeText(times.mean()), timeText(times.percentile(0.5)),
                          timeText(times.percentile(0.99)), timeText(times.percentile(0.999)),
                          timeText(times.max())));
    print(times.histogram());
}

int runBench(BenchOptions& options) {
    if (options.size > 65'535) throw Failure(exitUsage, "--size: at most 65535 bytes fit into a message");
    if (options.inFlight == 0) throw Failure(exitUsage, "--in-flight: at least 1");
    if (options.address) options.target.address = *options.address;
    tempeh::Options engine = engineOptions(options.target);
    engine.busyPoll = options.busyPoll;
    std::optional<EchoServer> own;
    if (!options.address) {
        own.emplace(options.transport, engine);
        options.target.address = own->address();
    }
    LoadPlan plan{.size = options.size, .inFlight = options.inFlight, .checksEcho = own.has_value()};
    if (options.mode == "throughput") plan.kind = LoadPlan::Kind::OneWay;
    BenchResult result;
    Session session(engine);
    const int code = session.run(bench(session, options, plan, result));
    if (session.isInterrupted() && result.count.messages == 0)
        throw Failure(exitInterrupted, "interrupted before anything was measured");
    report(options, result);
    return code;
}

}  // namespace

void addBench(CommandLine& line) {
    const auto options = std::make_shared<BenchOptions>();
    Command command = line.add("bench", "Measure latency, throughput or many connections",
                               [options] { return runBench(*options); });
    command.argument("ADDRESS", options->address,
                     "A server that answers; without it, bench starts an echo server itself");
    describeTargetOptions(command, options->target);
    command
        .option("-m,--mode", options->mode,
                "latency: round trips; throughput: signals in one direction; fan-in: round trips of many "
                "connections",
                {"latency", "throughput", "fan-in"})
        .option("-d,--duration", options->duration, "How long to measure")
        .option("-s,--size", options->size, "BYTES", "Body of each message")
        .option("-c,--connections", options->connections, "N", "Connections; 0: 64 for fan-in, else 1")
        .option("-n,--in-flight", options->inFlight, "N", "Requests in flight on each connection")
        .option("--transport", options->transport, "Transport of the server that bench starts",
                {"tcp", "uds"})
        .option("--busy-poll", options->busyPoll, "How long to poll before sleeping; costs a core")
        .flag("-q,--quiet", options->isQuiet, "No progress line")
        .flag("--json", options->isJson, "Print one JSON object")
        .examples(
            "  tempeh bench\n"
            "  tempeh bench --mode throughput --transport tcp -s 4096 -d 10s\n"
            "  tempeh bench localhost:7099 --mode fan-in -c 500 --json\n"
            "The server at ADDRESS should answer requests and drop signals: tempeh listen ADDRESS -e -q.");
}

}  // namespace tool
